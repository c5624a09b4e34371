/**
 * A path in git is bytes. Inside it is one character for each byte (latin1), which keeps every path apart and is exact on the
 * way back to git; only what people read is decoded.
 */
export const pathText = (bytes: Buffer): string => bytes.toString("latin1");
export const pathBytes = (path: string): Buffer => Buffer.from(path, "latin1");
export const shownPath = (path: string): string => pathBytes(path).toString("utf8");

/** `a/b/c` -> `a/b`, `a` */
export function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) folders.push(path.slice(0, at));
  return folders;
}
