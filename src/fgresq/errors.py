"""Every error that fgresq raises on purpose.

FgresqError                  exit code 1
├── UserError                exit code 2: what was asked for can't be done as asked
│   ├── ImageError           one image can't be judged; carries its name and the reason
│   ├── LayoutError          a folder isn't laid out as the command needs
│   ├── WeightsError         weights that don't exist, aren't here, or don't load
│   │   └── CheckpointError  a file whose content isn't weights of this model
│   ├── ManifestError        a table of images or pairs that is missing, damaged, or contradicts itself
│   ├── OutputError          a result can't be written where it was asked for
│   ├── StudyError           a study of preferences that isn't there, was changed under way, or can't be made so
│   └── AnswerError          an answer that doesn't fit the study: unknown person, out of turn, out of range
├── NotSavedError            an answer couldn't be stored; it has to be given again
├── TrainingError            training can't go on
│   └── TrainingStoppedError a signal asked for the end; the state is saved
├── EngineError              another program that runs a metric can't do what it's there for
├── HashMismatchError        bytes differ from those recorded earlier
└── DownloadError            the hub didn't answer, or answered with something else
"""


class FgresqError(Exception):
    """Base of all errors raised on purpose. `exit_code` is what the command line exits with."""

    exit_code = 1


class UserError(FgresqError):
    """The request can't be carried out as given; the message says what to change."""

    exit_code = 2


class ImageError(UserError):
    """One image can't be judged.

    Attributes:
        name: the image's path, or its place in the arguments when it has none.
        reason: what is wrong and what to do, without the name.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason

    def __reduce__(self) -> tuple[type["ImageError"], tuple[str, str], dict[str, object]]:
        """Its message alone couldn't make it again in the process that waits for it."""
        return type(self), (self.name, self.reason), self.__dict__


class LayoutError(UserError):
    """A folder isn't laid out as the command needs."""


class WeightsError(UserError):
    """Weights that don't exist, aren't on this machine, or don't fit."""


class CheckpointError(WeightsError):
    """A file whose content isn't weights of this model."""


class ManifestError(UserError):
    """A table of images or pairs that is missing, damaged, or contradicts itself."""


class OutputError(UserError):
    """A result can't be written where it was asked for."""


class StudyError(UserError):
    """A study of preferences that isn't there, was changed under way, or can't be made as asked."""


class AnswerError(UserError):
    """An answer that doesn't fit the study: an unknown person, out of turn, out of range."""


class NotSavedError(FgresqError):
    """An answer couldn't be stored; nothing of it was kept, and it has to be given again."""


class TrainingError(FgresqError):
    """Training can't go on."""


class TrainingStoppedError(TrainingError):
    """A signal asked for the end; the state is saved."""


class EngineError(FgresqError):
    """A program that runs other people's metrics can't start, or can't load a metric."""


class HashMismatchError(FgresqError):
    """Bytes differ from those recorded earlier."""


class DownloadError(FgresqError):
    """The hub didn't answer, or answered with something else."""
