"""What does lockd keep on disk? The book, the audit and the rest, one writer each."""
