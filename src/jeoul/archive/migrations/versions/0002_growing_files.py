"""Growing files are kept as an earlier state and what came after; indexes for search and trace."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

INDEXES = (
    ("ledger", "who"),
    ("evaluations", "document_sha256"),
    ("reports", "document_sha256"),
)


def upgrade() -> None:
    op.create_table(
        "file_tails",
        sa.Column("sha256", sa.Text(), sa.ForeignKey("files.sha256"), primary_key=True),
        sa.Column("earlier_sha256", sa.Text(), sa.ForeignKey("files.sha256"), nullable=False),
        sa.Column("tail_sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "run_tails",
        sa.Column("run_id", sa.Text(), sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("earlier_id", sa.Text(), sa.ForeignKey("runs.id"), nullable=False),
        sa.Column("tail_sha256", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "hash_states",
        sa.Column("sha256", sa.Text(), primary_key=True),
        sa.Column("state", sa.Text(), nullable=False),
    )
    for table, column in INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    for table, column in INDEXES:
        op.drop_index(f"ix_{table}_{column}", table_name=table)
    for table in ("hash_states", "run_tails", "file_tails"):
        op.drop_table(table)
