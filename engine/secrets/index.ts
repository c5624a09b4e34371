export { createKey, openKey, passphraseFrom, type SecretKey } from "./passphrase";
