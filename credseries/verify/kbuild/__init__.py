"""The kernel's build system: compilers, configurations, build directories, and what compilers say."""
