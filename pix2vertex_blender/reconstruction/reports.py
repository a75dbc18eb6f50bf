"""What every report says of the registration, the template and the libraries."""

import platform

import cv2
import numpy as np
import scipy
import torch

from ..exchange.report import RegistrationReport, TemplateReport
from ..template import Template
from .registration.registration import Registration


def registration_report(registration: Registration) -> RegistrationReport:
    """How the registration went."""
    return RegistrationReport(
        iterations=registration.iterations,
        matches=registration.matches,
        median_distance_mm=round(registration.median_distance_mm, 4),
        converged=registration.converged,
    )


def template_report(template: Template) -> TemplateReport:
    """Which template it was."""
    return TemplateReport(template.version, len(template.vertices), len(template.faces))


def versions() -> dict[str, str]:
    """Of Python and what computes."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "torch": torch.__version__,
        "opencv": cv2.__version__,
    }
