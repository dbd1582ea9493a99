"""Runs a program that may not ask for the extended registers of what it traces: python3 fxsave.py PROGRAM ARGUMENT..

User Mode Linux has room for a part of them (832 bytes in Linux 6.12, arch/x86/um/user-offsets.c), and dies when the
processor has more: AVX-512, AMX. Where it is refused them (EINVAL, as by a processor that has none), it keeps the 512
bytes that all processors have. A filter of seccomp(2) does that, for the program and all that it starts.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2  # linux/prctl.h, linux/seccomp.h
_ARCHITECTURE, _PTRACE = 0xC000003E, 101  # AUDIT_ARCH_X86_64; asm/unistd_64.h
_GETREGSET = 0x4204  # linux/ptrace.h
_ALLOW, _ERRNO, _EINVAL = 0x7FFF0000, 0x00050000, 22
_LOAD, _UNLESS_EQUAL, _RETURN = 0x20, 0x15, 0x06  # linux/bpf_common.h: LD|W|ABS, JMP|JEQ|K, RET|K
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENT_AT = 0, 4, 16  # struct seccomp_data, little-endian


def _filter() -> bytes:
    """What is done at a system call, as struct sock_filter: each check that fails goes on at the last instruction."""
    checks = [(_ARCHITECTURE_AT, _ARCHITECTURE), (_NUMBER_AT, _PTRACE), (_ARGUMENT_AT, _GETREGSET)]
    code = []
    for index, (place, wanted) in enumerate(checks):
        over = 2 * (len(checks) - index) - 1
        code += [(_LOAD, 0, 0, place), (_UNLESS_EQUAL, 0, over, wanted)]
    code += [(_RETURN, 0, 0, _ERRNO | _EINVAL), (_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def confine() -> None:
    """Confine this process, and all that it becomes. Raises OSError, also on another machine than x86-64."""
    if platform.machine() != "x86_64":
        raise OSError(f"not made for {platform.machine()}")
    code = _filter()
    kept = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("=HxxxxxxQ", len(code) // 8, ctypes.addressof(kept))  # struct sock_fprog
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, program, 0, 0):
        raise OSError(ctypes.get_errno(), "no filter for system calls")


if __name__ == "__main__":
    confine()
    os.execv(sys.argv[1], sys.argv[1:])
