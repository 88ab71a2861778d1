"""What can be wrong with a backup or its restoration?"""


class BackupError(Exception):
    """Said to the operator as it is: what is wrong, and what to do."""
