"""First tables, and triggers that keep answers as they were given."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SQLITE = """
CREATE TRIGGER answer_{event}_refused BEFORE {event} ON answer
BEGIN SELECT RAISE(ABORT, 'answers are append-only'); END
"""
_POSTGRESQL_FUNCTION = """
CREATE FUNCTION answer_change_refused() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'answers are append-only'; END $$
"""
_POSTGRESQL_TRIGGER = """
CREATE TRIGGER answer_change_refused BEFORE UPDATE OR DELETE OR TRUNCATE ON answer
FOR EACH STATEMENT EXECUTE FUNCTION answer_change_refused()
"""


def upgrade() -> None:
    """Make everything."""
    _make_study()
    _make_answers()
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(_SQLITE.format(event=event))
    else:
        op.execute(_POSTGRESQL_FUNCTION)
        op.execute(_POSTGRESQL_TRIGGER)


def _make_study() -> None:
    op.create_table(
        "study",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("design", sa.Text(), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("manifest_sha256", sa.String(64), nullable=False),
        sa.Column("training", sa.Text()),
        sa.Column("training_sha256", sa.String(64)),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("number = 1", name=op.f("ck_study_one_row")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_study")),
    )
    op.create_table(
        "image",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("opaque_id", sa.String(43), nullable=False),
        sa.Column("image_id", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_image")),
        sa.UniqueConstraint("opaque_id", name=op.f("uq_image_opaque_id")),
    )
    op.create_table(
        "pair",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("image_a", sa.Integer(), nullable=False),
        sa.Column("image_b", sa.Integer(), nullable=False),
        sa.Column("group_number", sa.Integer()),
        sa.Column("known", sa.String(5)),
        sa.ForeignKeyConstraint(["image_a"], ["image.number"], name=op.f("fk_pair_image_a")),
        sa.ForeignKeyConstraint(["image_b"], ["image.number"], name=op.f("fk_pair_image_b")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_pair")),
    )


def _make_answers() -> None:
    op.create_table(
        "person",
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("role", sa.String(9), nullable=False),
        sa.Column("team", sa.Integer()),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person")),
    )
    op.create_table(
        "answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("pair", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(14), nullable=False),
        sa.Column("session", sa.Integer(), nullable=False),
        sa.Column("a_on_left", sa.Boolean(), nullable=False),
        sa.Column("preference", sa.String(5), nullable=False),
        sa.Column("elapsed_ms", sa.Float()),
        sa.Column("answered_ms", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.CheckConstraint("round IN (1, 2)", name=op.f("ck_answer_round")),
        sa.CheckConstraint("preference IN ('A', 'B', 'equal')", name=op.f("ck_answer_known")),
        sa.ForeignKeyConstraint(["pair"], ["pair.number"], name=op.f("fk_answer_pair")),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_answer_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer")),
        sa.UniqueConstraint("person_id", "key", name=op.f("uq_answer_person_id_key")),
        sa.UniqueConstraint(
            "person_id", "round", "position", "revision", name=op.f("uq_answer_person_id_round_position_revision")
        ),
    )
    op.create_index(op.f("ix_answer_pair"), "answer", ["pair"])
    op.create_index(op.f("ix_answer_person_id"), "answer", ["person_id"])
    op.create_table(
        "issued",
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("pair", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["pair"], ["pair.number"], name=op.f("fk_issued_pair")),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_issued_person_id")),
        sa.PrimaryKeyConstraint("person_id", "position", name=op.f("pk_issued")),
        sa.UniqueConstraint("person_id", "pair", name=op.f("uq_issued_person_id_pair")),
    )
