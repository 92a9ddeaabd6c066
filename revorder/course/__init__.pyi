from . import assignment as assignment
from .checking import EXERCISES as EXERCISES
from .checking import Verdict as Verdict
from .checking import check as check
from .checking import exercise as exercise
from .profiles import Profile as Profile
from .profiles import profile as profile
