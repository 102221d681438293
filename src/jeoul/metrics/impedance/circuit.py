"""Equivalent circuits, fitted by least squares from a start that the relaxation times give.

A circuit is a text: elements in series are joined with ``-``, in parallel they stand in ``p(,)``, as in
``R0-p(R1,CPE1)-Wo1`` (the notation of impedance.py). The elements::

    R    ohm                          resistor
    C    F                            capacitor
    L    H                            inductor
    CPE  Q [S s^a], a [1]             constant phase element, 1 / (Q (j w)^a)
    W    sigma [ohm s^-1/2]           Warburg, half-infinite, sigma (1 - j) / sqrt(w)
    Wo   Z0 [ohm], tau [s]            diffusion to a wall, Z0 coth(sqrt(j w tau)) / sqrt(j w tau)
    Ws   Z0 [ohm], tau [s]            diffusion to a reservoir, Z0 tanh(sqrt(j w tau)) / sqrt(j w tau)
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from jeoul.errors import InsufficientDataError, OutOfValidityError
from jeoul.metrics.impedance.relaxation_times import RelaxationTimes, relaxation_times
from jeoul.metrics.impedance.spectrum import Complexes, Floats, Spectrum
from jeoul.uncertainty import Contribution, ErrorSource, Measured

Weighting = Literal["modulus", "unit"]
Start = Literal["relaxation_times"] | Sequence[float]

MOST_ORDERS = 60
_FIRST_STEPS = 15
_POLISHED = 4
_MOST_STEPS = 2000
_START_ALPHA = 0.85
_ELEMENT = re.compile(r"([A-Z][A-Za-z]*?)(\d+)$")
_LOG_BOUND = math.log(1e12)


@dataclass(frozen=True)
class _Kind:
    """Parameters of an element with their units, and its impedance."""

    parameters: tuple[tuple[str, str], ...]
    impedance: Callable[[Floats, Floats], Complexes]


def _diffusion(parameters: Floats, w: Floats, wall: bool) -> Complexes:
    root = np.sqrt(1j * w * parameters[1])
    # tanh of a large complex root is 1; above 300 its exponentials overflow.
    tanh = np.tanh(np.where(np.abs(root) > 300.0, 300.0, root))
    return np.asarray(parameters[0] / (root * tanh) if wall else parameters[0] * tanh / root)


KINDS: dict[str, _Kind] = {
    "R": _Kind((("", "ohm"),), lambda p, w: p[0] + 0j * w),
    "C": _Kind((("", "F"),), lambda p, w: 1.0 / (1j * w * p[0])),
    "L": _Kind((("", "H"),), lambda p, w: 1j * w * p[0]),
    "CPE": _Kind((("Q", "S s^a"), ("a", "1")), lambda p, w: 1.0 / (p[0] * (1j * w) ** p[1])),
    "W": _Kind((("sigma", "ohm s^-1/2"),), lambda p, w: p[0] * (1.0 - 1j) / np.sqrt(w)),
    "Wo": _Kind((("Z0", "ohm"), ("tau", "s")), lambda p, w: _diffusion(p, w, wall=True)),
    "Ws": _Kind((("Z0", "ohm"), ("tau", "s")), lambda p, w: _diffusion(p, w, wall=False)),
}


@dataclass(frozen=True, eq=False)
class CircuitFit:
    """A fitted circuit.

    parameters
        By name, such as ``R0`` or ``CPE1_Q``, with their uncertainty from the scatter of the fit.
    correlation
        Of the parameters, in their order.
    model
        Impedance of the fitted circuit at the frequencies of the spectrum [ohm].
    rms
        Of the relative residuals, real and imaginary [1].
    """

    circuit: str
    parameters: Mapping[str, Measured]
    correlation: Floats
    model: Complexes
    rms: float


def fit_circuit(spectrum: Spectrum, *, circuit: str, weighting: Weighting, start: Start) -> CircuitFit:
    """The parameters of an equivalent circuit by least squares, with their uncertainty.

    Minimises sum(abs(Z - Z_model)^2 v^2), v = 1/abs(Z) (``modulus``) or 1 (``unit``), over the logarithms of
    the parameters, so that none turns negative; the exponent of a CPE stays between 0 and 1.

    start
        Numbers in the order of the circuit, or ``relaxation_times``: the ohmic part goes to the first
        resistor in series, the inductance to the inductor, and the peaks of the distribution of
        relaxation times to the parallel parts, in every order (60 at most); the best of all is kept.

    u from the scatter s of the residuals, covariance s^2 (J'J)^-1 with 2 n - p degrees of freedom (two
    numbers a point). The residuals of most spectra are no noise but what the circuit lacks, so u says how
    well the spectrum fixes a parameter of this circuit, not how well the cell is known. The accuracy of
    the analyser is not in it.

    Where it fails: circuits are not unique: one spectrum, several circuits, equal fits. A parameter with
    u of its own size is not needed. Check `kramers_kronig` before and the residuals after.

    Raises `OutOfValidityError` for a circuit that cannot be read, `InsufficientDataError` where there are
    not more points than parameters. Reference: Boukamp, Solid State Ionics 20 (1986) 31.
    """
    tree = _parse(circuit)
    leaves = _leaves(tree)
    names, units = _names(leaves), _units(leaves)
    if 2 * len(spectrum) <= len(names):
        raise InsufficientDataError(f"{len(spectrum)} points do not fix {len(names)} parameters.")
    weights = 1.0 / np.abs(spectrum.impedance) if weighting == "modulus" else np.ones(len(spectrum))
    given = None if isinstance(start, str) else _given(start, names)
    starts = _best_starts(spectrum, tree, names) if given is None else [given]
    fits = [_least_squares(spectrum, tree, names, weights, first, _MOST_STEPS) for first in starts]
    values, jacobian, cost = min(fits, key=lambda fit: fit[2])
    return _result(spectrum, circuit, tree, names, units, values, jacobian, cost)


@dataclass(frozen=True)
class _Leaf:
    kind: str
    name: str


@dataclass(frozen=True)
class _Node:
    """Parts in series or in parallel."""

    joined: Literal["series", "parallel"]
    parts: tuple[_Node | _Leaf, ...]


_Tree = _Node | _Leaf


def _parse(text: str) -> _Tree:
    """The circuit as a tree. Raises `OutOfValidityError` with the part that cannot be read."""
    text = text.replace(" ", "")
    pieces = _split(text, "-")
    if len(pieces) > 1:
        return _Node("series", tuple(_parse(piece) for piece in pieces))
    if text.startswith("p(") and text.endswith(")"):
        branches = _split(text[2:-1], ",")
        if len(branches) < 2:
            raise OutOfValidityError(f"'{text}' has one branch; a parallel part needs two.")
        return _Node("parallel", tuple(_parse(branch) for branch in branches))
    match = _ELEMENT.match(text)
    if match is None or match[1] not in KINDS:
        known = ", ".join(KINDS)
        raise OutOfValidityError(
            f"'{text}' is no element.", advice=f"Elements are {known}, each with a number."
        )
    return _Leaf(match[1], text)


def _split(text: str, mark: str) -> list[str]:
    """The text cut at each mark that lies outside all brackets."""
    pieces, depth, last = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            break
        if letter == mark and depth == 0:
            pieces.append(text[last:place])
            last = place + 1
    if depth != 0:
        raise OutOfValidityError(f"the brackets of '{text}' do not close.")
    return [*pieces, text[last:]]


def _leaves(tree: _Tree) -> list[_Leaf]:
    if isinstance(tree, _Leaf):
        return [tree]
    return [leaf for part in tree.parts for leaf in _leaves(part)]


def _names(leaves: Sequence[_Leaf]) -> list[str]:
    names = [
        f"{leaf.name}_{word}" if word else leaf.name
        for leaf in leaves
        for word, _ in KINDS[leaf.kind].parameters
    ]
    doubled = [name for name in names if names.count(name) > 1]
    if doubled:
        raise OutOfValidityError(
            f"'{doubled[0]}' stands twice in the circuit.", advice="Number the elements."
        )
    return names


def _units(leaves: Sequence[_Leaf]) -> list[str]:
    return [unit for leaf in leaves for _, unit in KINDS[leaf.kind].parameters]


_Model = Callable[[Floats, Floats], Complexes]


def _model(tree: _Tree, first: int = 0) -> tuple[_Model, int]:
    """The impedance as a function of values and w, and how many values it has taken, counted from `first`."""
    if isinstance(tree, _Leaf):
        kind = KINDS[tree.kind]
        after = first + len(kind.parameters)
        return (lambda p, w: kind.impedance(p[first:after], w)), after
    parts: list[_Model] = []
    for part in tree.parts:
        model, first = _model(part, first)
        parts.append(model)
    if tree.joined == "series":
        return (lambda p, w: np.asarray(sum(part(p, w) for part in parts))), first
    return (lambda p, w: np.asarray(1.0 / sum(1.0 / part(p, w) for part in parts))), first


def _given(start: Sequence[float], names: Sequence[str]) -> Floats:
    values = np.asarray(start, dtype=np.float64)
    if values.shape != (len(names),) or not (np.isfinite(values).all() and (values > 0).all()):
        raise OutOfValidityError(f"the start must be {len(names)} positive numbers: {', '.join(names)}.")
    return values


def _best_starts(spectrum: Spectrum, tree: _Tree, names: Sequence[str]) -> list[Floats]:
    """The best starts after a few steps each, weighted: unweighted, the low end hides the rest at first."""
    even = 1.0 / np.abs(spectrum.impedance)
    near = [
        _least_squares(spectrum, tree, names, even, first, _FIRST_STEPS)
        for first in _starts(spectrum, tree, names)
    ]
    near.sort(key=lambda fit: fit[2])
    return [values for values, _, _ in near[:_POLISHED]]


def _starts(spectrum: Spectrum, tree: _Tree, names: Sequence[str]) -> list[Floats]:
    """Starts with processes of the relaxation times given to the parallel parts, in every order."""
    found = relaxation_times(spectrum, regularisation="gcv", points_per_decade=10, capacitance=True)
    parts = tree.parts if isinstance(tree, _Node) and tree.joined == "series" else (tree,)
    pairs = [part for part in parts if isinstance(part, _Node)]
    total = float(np.ptp(spectrum.impedance.real))
    low = float(-spectrum.impedance.imag[-1])
    resistance, reactance = max(found.resistance, 1e-3 * total), max(low, 0.05 * total)
    base = _Base(resistance, max(found.inductance, 1e-9), reactance, spectrum)
    processes = _processes(found, spectrum, len(pairs), total)
    orders = list(itertools.permutations(processes, len(pairs)))
    # Evenly taken from all where there are more than time allows.
    some = orders[:: math.ceil(len(orders) / MOST_ORDERS)]
    return [_start(parts, pairs, order, base, names) for order in some]


def _processes(
    found: RelaxationTimes, spectrum: Spectrum, pairs: int, total: float
) -> list[tuple[float, float]]:
    """Times [s] and resistances [ohm] from short to long: the peaks, and where they are too few, even steps.

    The longest are of the diffusion, which makes a row of peaks there and is an element of its own.
    """
    peaks = [(peak.time_second, peak.resistance_ohm) for peak in found.peaks][: pairs + 3]
    missing = max(pairs - len(peaks), 0)
    times = np.geomspace(1.0 / spectrum.angular.max(), 1.0 / spectrum.angular.min(), missing + 2)[1:-1]
    return sorted([*peaks, *((float(t), total / (pairs + 1)) for t in times)])


@dataclass(frozen=True)
class _Base:
    """What the elements outside the parallel parts start from."""

    resistance: float
    inductance: float
    reactance: float
    """Of the lowest frequency, which diffusion and capacitors explain [ohm]."""
    spectrum: Spectrum


def _start(
    parts: Sequence[_Tree],
    pairs: Sequence[_Node],
    order: Sequence[tuple[float, float]],
    base: _Base,
    names: Sequence[str],
) -> Floats:
    values: dict[str, float] = {}
    for part in parts:
        if isinstance(part, _Leaf):
            values |= _leaf_start(part, base, base.resistance, 1.0 / float(base.spectrum.angular.min()))
    for pair, (time, resistance) in zip(pairs, order, strict=True):
        for leaf in _leaves(pair):
            values |= _leaf_start(leaf, base, resistance, time)
    return np.array([values[name] for name in names])


def _leaf_start(leaf: _Leaf, base: _Base, resistance: float, time: float) -> dict[str, float]:
    w_low = float(base.spectrum.angular.min())
    numbers = {
        "R": (resistance,),
        "C": (time / resistance,),
        "L": (base.inductance,),
        "CPE": (time**_START_ALPHA / resistance, _START_ALPHA),
        "W": (base.reactance * math.sqrt(w_low),),
        "Wo": (base.reactance, 1.0 / w_low),
        "Ws": (base.reactance, 1.0 / w_low),
    }[leaf.kind]
    return dict(zip(_names([leaf]), numbers, strict=True))


def _least_squares(
    spectrum: Spectrum, tree: _Tree, names: Sequence[str], weights: Floats, start: Floats, steps: int
) -> tuple[Floats, Floats, float]:
    """Values, d(residual)/d(value) at them, and the sum of squares."""
    from scipy.optimize import least_squares  # type: ignore[import-untyped]

    exponent = np.array([name.endswith("_a") for name in names])
    first = np.where(exponent, start, np.log(start))
    low = np.where(exponent, 0.0, first - _LOG_BOUND)
    high = np.where(exponent, 1.0, first + _LOG_BOUND)

    def values_of(x: Floats) -> Floats:
        return np.where(exponent, x, np.exp(np.where(exponent, 0.0, x)))

    model, w = _model(tree)[0], spectrum.angular

    def residual(x: Floats) -> Floats:
        difference = (spectrum.impedance - model(values_of(x), w)) * weights
        return np.concatenate([difference.real, difference.imag])

    solved: Any = least_squares(
        residual, np.clip(first, low, high), bounds=(low, high), x_scale="jac", max_nfev=steps,
        ftol=1e-12, xtol=1e-12, gtol=1e-12,
    )  # fmt: skip
    values = values_of(solved.x)
    jacobian = np.asarray(solved.jac) / np.where(exponent, 1.0, values)
    return values, jacobian, float(2.0 * solved.cost)


def _result(
    spectrum: Spectrum,
    circuit: str,
    tree: _Tree,
    names: Sequence[str],
    units: Sequence[str],
    values: Floats,
    jacobian: Floats,
    cost: float,
) -> CircuitFit:
    freedom = 2 * len(spectrum) - len(names)
    scale = np.linalg.norm(jacobian, axis=0)
    scale[scale == 0.0] = 1.0
    inverse = np.linalg.pinv((jacobian / scale).T @ (jacobian / scale)) / np.outer(scale, scale)
    covariance = cost / freedom * inverse
    u = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    model = _model(tree)[0](values, spectrum.angular)
    relative = (spectrum.impedance - model) / np.abs(spectrum.impedance)
    rms = math.sqrt(float((np.abs(relative) ** 2).mean()) / 2.0)
    place = spectrum.evidence[0].sha256[:12] if spectrum.evidence else "arrays"
    conditions: dict[str, float | int | str] = {"circuit": circuit, "rms": rms, "points": len(spectrum)}
    parameters = {}
    for name, unit, value, own in zip(names, units, values.tolist(), u.tolist(), strict=True):
        scope = f"{name} of {circuit}, {place}"
        source = ErrorSource("fit", "impedance", "scatter", scope, "normal", float(freedom))
        parts = (Contribution(source, own, 1.0),)
        parameters[name] = Measured("circuit_parameter", value, unit, parts, spectrum.evidence, conditions)
    safe = np.where(u > 0, u, 1.0)
    return CircuitFit(circuit, parameters, covariance / np.outer(safe, safe), model, rms)
