"""The tables of a study's database; one database holds one study.

`answer` is append-only: triggers (made by the first migration) refuse to change or delete a row. A change of mind is a
row of the next revision; the highest revision of a person's position counts.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

# Names for every constraint, so that later migrations can speak of them on both databases.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

study = Table(
    "study",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("design", Text, nullable=False),  # a StudyDesign as JSON
    Column("manifest", Text, nullable=False),  # the data set's folder, absolute
    Column("manifest_sha256", String(64), nullable=False),  # of its manifest.json, which holds those of the tables
    Column("training", Text),
    Column("training_sha256", String(64)),
    Column("secret", String(64), nullable=False),  # signs personal links; lives with the study so that links do too
    Column("version", String(40), nullable=False),  # of fgresq that made the study
    Column("created_ms", BigInteger, nullable=False),
    CheckConstraint("number = 1", name="one_row"),
)

image = Table(
    "image",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("opaque_id", String(43), nullable=False, unique=True),  # what pages may name; says nothing
    Column("image_id", Text, nullable=False),  # in its manifest
    Column("path", Text, nullable=False),  # absolute
    Column("content", Text, nullable=False),
    Column("algorithm", Text, nullable=False),
    Column("sha256", String(64), nullable=False),  # of the file when the study was made
    Column("size", BigInteger, nullable=False),  # bytes
)

pair = Table(
    "pair",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("image_a", Integer, ForeignKey("image.number"), nullable=False),
    Column("image_b", Integer, ForeignKey("image.number"), nullable=False),
    Column("group_number", Integer),  # NULL for training pairs
    Column("known", String(5)),  # the answer of a training pair
)

person = Table(
    "person",
    metadata,
    Column("person_id", String(64), primary_key=True),
    Column("role", String(9), nullable=False),
    Column("team", Integer),
    Column("withdrawn", Boolean, nullable=False),
)

answer = Table(
    "answer",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", String(64), ForeignKey("person.person_id"), nullable=False, index=True),
    Column("round", Integer, nullable=False),
    Column("position", Integer, nullable=False),  # in the person's order; of a review, the pair's number
    Column("revision", Integer, nullable=False),  # from 0
    Column("pair", Integer, ForeignKey("pair.number"), nullable=False, index=True),
    Column("kind", String(14), nullable=False),
    Column("session", Integer, nullable=False),
    Column("a_on_left", Boolean, nullable=False),
    Column("preference", String(5), nullable=False),
    Column("elapsed_ms", Float),  # from the page's monotonic clock; NULL where an import doesn't know it
    Column("answered_ms", BigInteger, nullable=False),  # server's clock; recorded, never relied on
    Column("key", String(64), nullable=False),  # chosen by the page once an answer, the same in every retry
    CheckConstraint("round IN (1, 2)", name="round"),
    CheckConstraint("preference IN ('A', 'B', 'equal')", name="known"),
    UniqueConstraint("person_id", "key"),
    UniqueConstraint("person_id", "round", "position", "revision"),
)

# Which pair stands in a main trial, where the order follows the answers (design.order "active").
issued = Table(
    "issued",
    metadata,
    Column("person_id", String(64), ForeignKey("person.person_id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("pair", Integer, ForeignKey("pair.number"), nullable=False),
    UniqueConstraint("person_id", "pair"),
)

# Which browser first opened a personal link; the newest row of a person is the session that is let in.
sign_in = Table(
    "sign_in",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", String(64), ForeignKey("person.person_id"), nullable=False, index=True),
    Column("link_id", String(43), nullable=False, unique=True),
    Column("browser_sha256", String(64), nullable=False),  # of a secret that only that browser keeps
    Column("opened_ms", BigInteger, nullable=False),  # server's clock; recorded, never relied on
)
