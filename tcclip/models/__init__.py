"""Models: compositions of one CLIP backbone and small exchangeable parts."""

from tcclip.models.backbone import Backbone
from tcclip.models.build import build, canonical_state, load_canonical, skeleton
from tcclip.models.ensemble import ensemble
from tcclip.params.architecture import BackboneConfig

__all__ = ["Backbone", "BackboneConfig", "build", "canonical_state", "ensemble", "load_canonical", "skeleton"]
