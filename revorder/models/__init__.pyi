from .resnets import resnet18 as resnet18
from .resnets import resnet50 as resnet50
from .small import mlp as mlp
from .small import small_cnn as small_cnn
from .transformers import sequence_cross_entropy as sequence_cross_entropy
from .transformers import transformer as transformer
