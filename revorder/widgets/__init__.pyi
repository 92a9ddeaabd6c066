from .brackets import BracketExplorer as BracketExplorer
from .budget import BudgetExplorer as BudgetExplorer
from .digits import DigitsExplorer as DigitsExplorer
from .panel import ExperimentPanel as ExperimentPanel
from .training import RegimeExplorer as RegimeExplorer
