"""Who may call: keys, the apps that own them, and the book that knows them by heart."""
