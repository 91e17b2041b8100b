"""Prints the data of a page that 'resnetc explain' wrote: python3 page_data.py PAGE.html"""

import base64
import re
import sys
import zlib

with open(sys.argv[1], encoding="utf-8") as page:
    packed = re.search('id="data">([^<]*)<', page.read()).group(1)
print(zlib.decompress(base64.b64decode(packed)).decode())
