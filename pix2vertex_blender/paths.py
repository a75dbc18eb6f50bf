"""Where the files of this package lie, whichever module asks."""

from pathlib import Path

PACKAGE_FOLDER = Path(__file__).resolve().parent
DATA_FOLDER = PACKAGE_FOLDER / "data"

#: The script that Blender starts as its worker process.
WORKER_SCRIPT = PACKAGE_FOLDER / "worker.py"

TEMPLATE_FILE = DATA_FOLDER / "template.npz"
#: The template's second UV layout.
FACE_LAYOUT_FILE = DATA_FOLDER / "face_layout.npz"
#: Eyes, teeth, tongue and the inside of the mouth.
PARTS_FILE = DATA_FOLDER / "parts.npz"
EXPRESSIONS_FILE = DATA_FOLDER / "expressions.npz"
SLIDERS_FILE = DATA_FOLDER / "sliders.npz"
#: Of the small network that guesses where faces are.
FACE_DETECTOR_WEIGHTS = DATA_FOLDER / "face_detector.safetensors"
#: Of the network that finds faces and reads them, and of the one that then reads a found face again from nearer.
NETWORK_WEIGHTS = DATA_FOLDER / "network.safetensors"
CLOSE_NETWORK_WEIGHTS = DATA_FOLDER / "close_network.safetensors"
#: Of the network that reads from a found face what makes its head differ from the mean one.
IDENTITY_NETWORK_WEIGHTS = DATA_FOLDER / "identity_network.safetensors"
#: Of the network that makes fine detail.
DETAIL_NETWORK_WEIGHTS = DATA_FOLDER / "detail_network.safetensors"

#: How a person's head is estimated from what the maps show.
LIKENESS_FILE = DATA_FOLDER / "likeness.npz"

#: The public-domain portrait that the self-test reconstructs.
SAMPLE_PORTRAIT = DATA_FOLDER / "astronaut.jpg"
