import { createKey, openKey, type SecretKey } from "../secrets";

const undecryptable: SecretKey["decrypt"] = () => {
  throw new Error("a stack without an encryption salt holds a secret");
};

/**
 * The keys of one stack, opened when the first secret needs them and not before. The settings file's salt wins over the
 * state's; a stack that never had a secret gets its salt with its first one.
 */
export class StackKeys {
  readonly #passphrase: () => string;
  #salt: string | undefined;
  readonly #onNewSalt: (saltText: string) => void;
  #writing: Promise<SecretKey> | undefined;

  constructor(passphrase: () => string, salt: string | undefined, onNewSalt: (saltText: string) => void) {
    this.#passphrase = passphrase;
    this.#salt = salt;
    this.#onNewSalt = onNewSalt;
  }

  /** Undefined until the stack has its first secret. */
  get saltText(): string | undefined {
    return this.#salt;
  }

  /**
   * Before anything is changed, for a stack without secrets too: the first one may come as the answer of a provider, which
   * nobody could write down then. @throws EngineFailure "incorrect passphrase", or that none is set.
   */
  async verify(): Promise<void> {
    if (this.#salt === undefined) this.#passphrase();
    else await this.open(this.#salt);
  }

  /** The key that new secrets are written with. */
  forWriting(): Promise<SecretKey> {
    this.#writing ??= this.#salt === undefined ? this.#create() : this.open(this.#salt);
    return this.#writing;
  }

  /** The decryption of texts made under a salt. */
  async open(saltText: string | undefined): Promise<SecretKey> {
    if (saltText === undefined) return { saltText: "", encrypt: undecryptable, decrypt: undecryptable };
    return openKey(saltText, this.#passphrase());
  }

  async #create(): Promise<SecretKey> {
    const key = await createKey(this.#passphrase());
    this.#salt = key.saltText;
    this.#onNewSalt(key.saltText);
    return key;
  }
}
