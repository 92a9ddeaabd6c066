from .digits import DigitsExplorer as DigitsExplorer
from .panel import ExperimentPanel as ExperimentPanel
from .training import RegimeExplorer as RegimeExplorer
