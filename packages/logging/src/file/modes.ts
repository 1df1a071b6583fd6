// Logs name people's addresses: they are for the owner and for a group of readers, if an operator
// makes one, and for nobody else.
export const MODE_OF_FILES = 0o640;
export const MODE_OF_FOLDERS = 0o750;
