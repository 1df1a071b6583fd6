// Logs name people's addresses: only the owner reads them, and a group of readers if an operator
// makes one.
export const MODE_OF_FILES = 0o640;
export const MODE_OF_FOLDERS = 0o750;
