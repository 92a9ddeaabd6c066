from . import datasets as datasets
from . import images as images
