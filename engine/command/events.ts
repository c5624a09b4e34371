import type { EngineEvent } from "../deployment/request";
import { mapSecrets, maskedSecret, secretSignature, signatureKey } from "../state/secretValues";
import type { Json } from "../state/types";

type Listener = (event: EngineEvent) => void;

/** Shorter ones would blot out half the text and are no secrets worth the name. */
const shortestSecret = 6;

/**
 * Passes a deployment's events on, without secrets: envelopes are masked, known secret texts are blotted out of messages,
 * and the SDK's debug messages, which hold plaintexts, go nowhere.
 */
export class EventStream {
  readonly #listeners: Listener[];
  readonly #now: () => Date;
  readonly #secretTexts = new Set<string>();
  #sequence = 0;

  constructor(listeners: Listener[], now: () => Date) {
    this.#listeners = listeners;
    this.#now = now;
  }

  /** Every text inside a secret value is one that may not be shown. */
  hide(value: Json): void {
    if (typeof value === "string") {
      // also as it looks inside of JSON, which messages like to quote
      for (const text of [value, JSON.stringify(value).slice(1, -1)]) {
        if (value.length >= shortestSecret) this.#secretTexts.add(text);
      }
    } else if (typeof value === "object" && value !== null) {
      for (const item of Object.values(value)) this.hide(item);
    }
  }

  /** Remembers every secret inside a value. */
  hideSecretsIn(value: Json): void {
    mapSecrets(value, (secret) => {
      this.hide(secret.value ?? null);
      return null;
    });
  }

  emit(event: EngineEvent): void {
    const { diagnosticEvent } = event as { diagnosticEvent?: { severity?: string; message?: string } };
    if (diagnosticEvent?.severity === "debug") return;
    const safe =
      diagnosticEvent === undefined
        ? this.#masked(event)
        : { ...event, diagnosticEvent: { ...diagnosticEvent, message: this.scrubbed(diagnosticEvent.message ?? "") } };
    const timestamp = Math.floor(this.#now().getTime() / 1000);
    const numbered = { sequence: this.#sequence++, timestamp, ...safe };
    for (const listener of this.#listeners) listener(numbered);
  }

  /** The text with every secret that is known by now blotted out. */
  scrubbed(message: string): string {
    let scrubbed = message;
    for (const text of this.#secretTexts) scrubbed = scrubbed.replaceAll(text, maskedSecret);
    return scrubbed;
  }

  #masked(event: EngineEvent): EngineEvent {
    const masked = mapSecrets(event as Json, (secret) => {
      if (secret.value !== undefined) this.hide(secret.value);
      return { [signatureKey]: secretSignature, ciphertext: maskedSecret };
    });
    return masked as EngineEvent;
  }
}
