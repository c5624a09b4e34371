/** The folder of the built server: the program `kubernetes` and the folder `definitions`. */
export function build(): string;
