"""What can go wrong with a job, in the protocol's terms."""

import errno
import os
import traceback

import torch

#: A retry of these gives the same again.
LASTING = {"invalid_input", "model_missing"}

#: What the worker's log keeps of one warning, less what is said before a trace.
LONGEST_TRACE = 3_500


class EngineFailure(Exception):
    """A failure of one job. `code` is one of the protocol's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def retryable(self) -> bool:
        return self.code not in LASTING


class Cancelled(BaseException):
    """The job was cancelled. No `Exception`, so that no library takes it for an error of its own and goes on."""


#: On a CPU: torch's allocator, oneDNN (which computes convolutions) without a workspace, and the system itself.
CPU_OUT_OF_MEMORY = (
    "DefaultCPUAllocator",
    "could not create a primitive",
    "std::bad_alloc",
    "Cannot allocate memory",
)
#: As torch's compiler wraps it, and as those tell it that ask the card past torch's allocator: cuBLAS and cuDNN for their
#: handles and workspaces, a kernel for its code. Nothing of it sticks to the context, and with less it may fit.
CARD_OUT_OF_MEMORY = (
    "CUDA out of memory",
    "CUDA ran out of memory",
    "CUDA error: out of memory",
    # For the words of that error torch asks NVML, which does not answer on every machine: this comes in its place.
    "NVML_SUCCESS == r INTERNAL ASSERT FAILED",
    "CUDA driver error: out of memory",
    "Triton Error [CUDA]: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
)
#: cuDNN's others (a parameter that is wrong, a shape that is not supported) are told before anything runs.
CARD_ERROR = (
    "CUDA error",
    "CUDA driver error",
    "cudaError",
    "CUBLAS_STATUS",
    "CUDNN_STATUS_NOT_INITIALIZED",
    "CUDNN_STATUS_INTERNAL_ERROR",
    "CUDNN_STATUS_MAPPING_ERROR",
    "CUDNN_STATUS_EXECUTION_FAILED",
    "Triton Error [CUDA]",
)


def is_out_of_memory(error: BaseException) -> bool:
    """On a card torch has a type of its own; on a CPU every library tells it in its own way."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    text = str(error) if isinstance(error, Exception) else ""
    return any(words in text for words in (*CPU_OUT_OF_MEMORY, *CARD_OUT_OF_MEMORY))


#: What the system says of a file that is not there, or is none.
NO_FILE = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR)


def may_pass(error: BaseException) -> bool:
    """Whether an error says nothing of the file that was being read: memory that ran out, or what the system tells of a volume
    that is out of reach (EIO, ESTALE) or of too many open files. What libraries say of a broken file has no number.
    """
    return is_out_of_memory(error) or (isinstance(error, OSError) and error.errno not in (None, *NO_FILE))


def is_card_error(error: BaseException) -> bool:
    """An error that sticks to the CUDA context: only a new process can use the card again."""
    if not isinstance(error, RuntimeError) or is_out_of_memory(error):
        return False
    text = str(error)
    return isinstance(error, torch.AcceleratorError) or any(words in text for words in CARD_ERROR)


def as_failure(error: BaseException) -> EngineFailure:
    """Messages of libraries may hold a prompt, so only the kind of an unknown error is told; its trace is a warning."""
    if isinstance(error, EngineFailure):
        return error
    if is_out_of_memory(error):
        return EngineFailure("oom", "out of memory")
    if is_card_error(error):
        first, *_rest = str(error).splitlines() or [type(error).__name__]
        return EngineFailure("cuda_error", first[:300])
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return EngineFailure("disk_full", "no space left for the files")
    what = type(error).__name__
    if isinstance(error, OSError) and error.errno is not None:
        what += f" ({os.strerror(error.errno)})"
    return EngineFailure("internal", f"an unexpected {what}; the worker's log has its trace")


def described(error: BaseException) -> str:
    """For the operator: code and message, and of an `internal` failure where it happened."""
    failure = as_failure(error)
    said = f"{failure.code}: {failure}"
    if failure.code != "internal":
        return said
    # Without the error's own words, which may hold a prompt. Its end, where it was raised, says most.
    trace = "".join(traceback.format_tb(error.__traceback__))
    return f"{said}\n{trace[-LONGEST_TRACE:]}"
