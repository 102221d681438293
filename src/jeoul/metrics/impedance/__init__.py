"""Impedance spectra: are they valid, what relaxes when, which circuit, how much resistance.

::

    spectrum.py          a spectrum from rows or arrays; the resistance at one frequency
    kramers_kronig.py    was the cell linear and steady while it was measured?
    relaxation_times.py  how much resistance relaxes at which time
    circuit.py           equivalent circuits, fitted from a start that the relaxation times give
"""

from jeoul.metrics.impedance.circuit import CircuitFit, fit_circuit
from jeoul.metrics.impedance.kramers_kronig import KramersKronig, kramers_kronig
from jeoul.metrics.impedance.relaxation_times import RelaxationPeak, RelaxationTimes, relaxation_times
from jeoul.metrics.impedance.spectrum import (
    ImpedanceAccuracy,
    Spectrum,
    impedance_at_frequency,
    make_spectrum,
    spectrum_of,
)

__all__ = [
    "CircuitFit",
    "ImpedanceAccuracy",
    "KramersKronig",
    "RelaxationPeak",
    "RelaxationTimes",
    "Spectrum",
    "fit_circuit",
    "impedance_at_frequency",
    "kramers_kronig",
    "make_spectrum",
    "relaxation_times",
    "spectrum_of",
]
