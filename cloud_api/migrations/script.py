"""How does a revision run several statements?"""

from alembic import op


def run(statements: str) -> None:
    """Run statements that each end with a semicolon at the end of a line."""
    for statement in statements.split(";\n"):
        if statement.strip():
            op.execute(statement)
