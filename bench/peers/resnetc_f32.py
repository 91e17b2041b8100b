"""The compiled library in float32, beside one of another precision: what that precision gains."""

import dataclasses

from peers import resnetc

TITLE = "resnetc, f32"
PACKAGE = None
SETTINGS = resnetc.SETTINGS


def prepare(case, threads, picture, output):
    return resnetc.prepare(dataclasses.replace(case, folder=str(case.network_file("f32"))), threads, picture, output)
