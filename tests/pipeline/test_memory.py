import platform

from pipeline.memory import return_large_blocks


def test_glibc_takes_the_option_and_nothing_else_minds() -> None:
    assert return_large_blocks() == (platform.libc_ver()[0] == "glibc")
