"""The kernel tree: git access, version and API detection, MAINTAINERS."""
