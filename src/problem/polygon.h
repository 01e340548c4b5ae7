// Polygons: whether one is simple, its area, and the distance to it.
// SPDX-License-Identifier: MIT
#pragma once

#include "problem/region_shape.h"

namespace sinefield::regions {

/// Positive where counterclockwise.
double signed_area(const Polygon& polygon);

/// Throws bad_input where vertices repeat or edges meet other than at the vertex between them. What passes has an area.
void check_simple(const Polygon& polygon);

double signed_distance(const Polygon& polygon, const Point& x);

}  // namespace sinefield::regions
