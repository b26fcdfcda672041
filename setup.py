"""The one compiled part. Where it cannot be built, the same in Python takes its place."""

import os

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "headgate.routing._ngrams",
            ["src/headgate/routing/_ngrams.c"],
            # the stable interface: one wheel for every Python from 3.11 on
            define_macros=[("Py_LIMITED_API", "0x030B0000")],
            py_limited_api=True,
            libraries=[] if os.name == "nt" else ["m"],  # sqrt; whoever repairs wheels asks whose
            optional=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
