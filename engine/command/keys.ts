import { createKey, openKey, passphraseFrom, type SecretKey } from "../secrets";

/** Where a passphrase may come from: the workspace's variables first, then the process's. */
export type Variables = (name: string) => string | undefined;

const undecryptable: SecretKey["decrypt"] = () => {
  throw new Error("a stack without an encryption salt holds a secret");
};

/**
 * The keys of one stack, opened when the first secret needs them and not before. The settings file's salt wins over the
 * state's; a stack that never had a secret gets its salt with its first one.
 */
export class StackKeys {
  readonly #variables: Variables;
  #salt: string | undefined;
  readonly #onNewSalt: (saltText: string) => void;
  #writing: Promise<SecretKey> | undefined;

  constructor(variables: Variables, salt: string | undefined, onNewSalt: (saltText: string) => void) {
    this.#variables = variables;
    this.#salt = salt;
    this.#onNewSalt = onNewSalt;
  }

  /** Undefined until the stack has its first secret. */
  get saltText(): string | undefined {
    return this.#salt;
  }

  /** The key that new secrets are written with. */
  forWriting(): Promise<SecretKey> {
    this.#writing ??= this.#salt === undefined ? this.#create() : this.open(this.#salt);
    return this.#writing;
  }

  /** The decryption of texts made under a salt. */
  async open(saltText: string | undefined): Promise<SecretKey> {
    if (saltText === undefined) return { saltText: "", encrypt: undecryptable, decrypt: undecryptable };
    return openKey(saltText, passphraseFrom(this.#variables));
  }

  async #create(): Promise<SecretKey> {
    const key = await createKey(passphraseFrom(this.#variables));
    this.#salt = key.saltText;
    this.#onNewSalt(key.saltText);
    return key;
  }
}
