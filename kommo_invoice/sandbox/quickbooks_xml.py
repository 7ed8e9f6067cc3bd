"""How the QuickBooks simulator writes XML, which is what comes unless JSON is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

from kommo_invoice.sandbox.exact_json import encode

NAMESPACE = "http://schema.intuit.com/finance/v3"


def to_xml(envelope: Mapping[str, Any]) -> bytes:
    """Return an envelope as XML, which is what comes without ``Accept: application/json``."""
    root = ET.Element("IntuitResponse", {"xmlns": NAMESPACE})
    for name, value in envelope.items():
        if name == "time":
            root.set(name, value)
        elif name == "Fault":
            _fault(root, value)
        else:
            _grow(root, name, value)
    written: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written


def _fault(parent: ET.Element, fault: Mapping[str, Any]) -> None:
    """Add a fault, whose type and codes are attributes."""
    grown = ET.SubElement(parent, "Fault", {"type": fault["type"]})
    for error in fault["Error"]:
        about = {name: error[name] for name in ("code", "element") if error.get(name)}
        child = ET.SubElement(grown, "Error", about)
        for name in ("Message", "Detail"):
            if error.get(name):
                ET.SubElement(child, name).text = error[name]


def _grow(parent: ET.Element, name: str, value: Any) -> None:
    match value:
        case list() | tuple():
            for each in value:
                _grow(parent, name, each)
        case {"value": of, **rest}:
            attributes = {str(key): str(each) for key, each in rest.items()}
            ET.SubElement(parent, name, attributes).text = _text(of)
        case Mapping():
            child = ET.SubElement(parent, name)
            for key, each in value.items():
                _grow(child, key, each)
        case _:
            ET.SubElement(parent, name).text = _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else encode(value)
