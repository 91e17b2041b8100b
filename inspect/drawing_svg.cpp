/// \file Writes drawings as SVG. The layout is for networks with a long spine and short branches.
#include <fmt/format.h>

#include <algorithm>

#include "inspect/drawing.h"
#include "inspect/markup.h"

namespace resnetc::inspect {

namespace {

// Lengths in pixels at the original size of the drawing.
constexpr int box_height = 22, row_height = 40, column_gap = 44, frame_head = 20, frame_pad = 10, margin = 16;
constexpr int arc_reach = 26, lane_reach = 12;
constexpr size_t most_lanes = 12;  ///< further arcs lie over one another
constexpr double character = 6.7;  ///< width of a character of the font, which is monospaced

/// The place of a box: in the spine, which is column 0, or beside it.
struct Place {
  int row = 0, column = 0;
};

/// Places the boxes. Boxes outside the spine that come before one of its boxes form a branch that ends at that box. The branch stands
/// beside the rows above the box, in the first free column.
std::vector<Place> places_of(const Drawing& drawing) {
  const size_t count = drawing.boxes.size();
  const std::vector<bool> spine = spine_of(drawing);
  std::vector<Place> places(count);
  std::vector<int> used;  // rows used by each column from 1 on
  int row = 0;
  size_t branch = 0;  // first box without a place
  auto edge = drawing.edges.begin();
  for (size_t i = 0; i < count; ++i) {
    if (!spine[i]) continue;
    int first = 0;  // first row of the branch that ends here; it starts below the box that it comes from
    for (; edge != drawing.edges.end() && edge->to < i; ++edge) {
      if (spine[edge->from]) first = std::max(first, places[edge->from].row + 1);
    }
    if (const auto length = static_cast<int>(i - branch); length != 0) {
      row = std::max(row, first + length);
      size_t column = 0;
      while (column < used.size() && used[column] > row - length) ++column;
      if (column == used.size()) used.push_back(0);
      for (size_t b = branch; b < i; ++b) places[b] = {row - length + static_cast<int>(b - branch), static_cast<int>(column) + 1};
      used[column] = row;
    }
    while (edge != drawing.edges.end() && edge->to == i) ++edge;
    places[i] = {row++, 0};
    branch = i + 1;
  }
  return places;
}

std::string_view class_of(Role role) {
  switch (role) {
    case Role::port: return "port";
    case Role::weights: return "weights";
    case Role::pool: return "pool";
    case Role::join: return "join";
    case Role::other: return "other";
  }
  return "other";
}

std::string_view class_of(EdgeKind kind) {
  switch (kind) {
    case EdgeKind::next: return "next";
    case EdgeKind::skip: return "skip";
    case EdgeKind::side: return "side";
    case EdgeKind::in_place: return "in-place";
  }
  return "next";
}

std::string_view class_of(FrameKind kind) {
  switch (kind) {
    case FrameKind::stage: return "stage";
    case FrameKind::plain_block: return "plain";
    case FrameKind::identity_block: return "identity";
    case FrameKind::conv_block: return "conv";
  }
  return "stage";
}

/// Each colour is given twice: for viewers that support only one colour scheme, and for those that support two.
constexpr std::string_view style_sheet = R"(
:root:is(svg) { color-scheme: light dark; background: #fff; background: light-dark(#fff, #14171c); }
.net { font: 11px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.net text { fill: #1f2328; fill: light-dark(#1f2328, #e6e6e6); }
.net .what, .net .shape { fill: #59636e; fill: light-dark(#59636e, #9aa4af); }
.net .shape { font-size: 9.5px; }
.net .box rect { stroke: #8c959f; stroke: light-dark(#8c959f, #6b7684); fill: #fff; fill: light-dark(#fff, #1c2128); }
.net .box.weights rect { fill: #ddf4ff; fill: light-dark(#ddf4ff, #12324f); }
.net .box.pool rect { fill: #fbefff; fill: light-dark(#fbefff, #3a2450); }
.net .box.join rect { fill: #fff1c2; fill: light-dark(#fff1c2, #4a3a10); }
.net .box.port rect { fill: #e6eaef; fill: light-dark(#e6eaef, #2d333b); }
.net .edge { fill: none; stroke: #59636e; stroke: light-dark(#59636e, #9aa4af); stroke-width: 1.2; }
.net .edge.skip, .net .edge.in-place { stroke: #bf5b00; stroke: light-dark(#bf5b00, #f0a050); stroke-width: 1.6; }
.net .edge.side { stroke: #0969da; stroke: light-dark(#0969da, #58a6ff); stroke-width: 1.6; }
.net .edge.in-place { stroke-dasharray: 6 2; }
.net marker path { fill: #59636e; fill: context-stroke; }
.net .frame rect { fill: none; stroke: #d0d7de; stroke: light-dark(#d0d7de, #3d444d); }
.net .frame.stage rect { fill: #f6f8fa; fill: light-dark(#f6f8fa, #181c22); }
.net .frame.identity rect { fill: #eefbf0; fill: light-dark(#eefbf0, #16241a); stroke: #4ac26b; stroke: light-dark(#4ac26b, #2b6a3d); }
.net .frame.conv rect { fill: #eff7ff; fill: light-dark(#eff7ff, #13202f); stroke: #54aeff; stroke: light-dark(#54aeff, #2f5f95); }
.net .frame text { font-weight: 600; }
)";

class Writer {
 public:
  explicit Writer(const Drawing& drawing) : d_(drawing), places_(places_of(drawing)) { measure(); }

  std::string run() {
    std::string out = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"net\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"group\" "
        "aria-label=\"{2}\">\n<title>{2}</title>\n<style>{3}</style>\n",
        width_, height_, escaped(d_.title), style_sheet);
    out +=
        "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerUnits=\"userSpaceOnUse\" markerWidth=\"8\" "
        "markerHeight=\"8\" orient=\"auto\">"
        "<path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n";
    for (size_t i = 0; i < d_.frames.size(); ++i) out += frame(i);
    for (const Edge& one : d_.edges) out += edge(one);
    for (size_t i = 0; i < d_.boxes.size(); ++i) out += box(i);
    return out + "</svg>\n";
  }

 private:
  /// A box's name without the part that its frame shows already.
  std::string_view short_name(size_t i) const {
    const std::string_view name = d_.boxes[i].name;
    if (inner_[i] < 0) return name;
    const std::string& label = d_.frames[static_cast<size_t>(inner_[i])].label;
    if (name.size() > label.size() + 1 && name.starts_with(label) && name[label.size()] == '.') return name.substr(label.size() + 1);
    return name;
  }

  void measure() {
    inner_.assign(d_.boxes.size(), -1);
    depth_.assign(d_.frames.size(), 0);
    for (size_t f = 0; f < d_.frames.size(); ++f) {
      if (inner_[d_.frames[f].first] >= 0) depth_[f] = depth_[static_cast<size_t>(inner_[d_.frames[f].first])] + 1;
      depths_ = std::max(depths_, depth_[f] + 1);
      for (size_t i = d_.frames[f].first; i <= d_.frames[f].last; ++i) inner_[i] = static_cast<int>(f);
    }
    size_t longest = 20;
    int rows = 0, columns = 0;
    for (size_t i = 0; i < d_.boxes.size(); ++i) {
      longest = std::max(longest, short_name(i).size() + d_.boxes[i].what.size() + 2);
      rows = std::max(rows, places_[i].row + 1);
      columns = std::max(columns, places_[i].column + 1);
    }
    box_width_ = static_cast<int>(static_cast<double>(std::min<size_t>(longest, 60)) * character) + 16;
    std::vector<int> above(static_cast<size_t>(rows) + 1, 0), below(static_cast<size_t>(rows) + 1, 0);
    for (const Frame& f : d_.frames) {
      const auto [low, high] = rows_of(f);
      above[static_cast<size_t>(low)] += frame_head + frame_pad / 2;
      below[static_cast<size_t>(high)] += frame_pad;
    }
    int y = margin;
    for (int r = 0; r < rows; ++r) {
      y += above[static_cast<size_t>(r)];
      row_y_.push_back(y);
      y += row_height + below[static_cast<size_t>(r)];
    }
    find_lanes();
    spine_x_ = margin + depths_ * frame_pad + arc_reach + lanes_ * lane_reach;
    width_ = spine_x_ + columns * (box_width_ + column_gap) + depths_ * frame_pad + margin;
    height_ = y + margin;
  }

  std::pair<int, int> rows_of(const Frame& frame) const {
    int low = places_[frame.first].row, high = low;
    for (size_t i = frame.first; i <= frame.last; ++i) {
      low = std::min(low, places_[i].row);
      high = std::max(high, places_[i].row);
    }
    return {low, high};
  }

  bool is_arc(const Edge& edge) const {
    const Place from = places_[edge.from], to = places_[edge.to];
    return from.column == to.column && (edge.kind != EdgeKind::next || to.row != from.row + 1);
  }

  /// Gives arcs whose rows overlap different distances from the boxes, shorter arcs smaller distances.
  void find_lanes() {
    std::vector<size_t> arcs;
    lane_.assign(d_.edges.size(), 0);
    for (size_t e = 0; e < d_.edges.size(); ++e) {
      if (is_arc(d_.edges[e])) arcs.push_back(e);
    }
    const auto length = [&](size_t e) { return places_[d_.edges[e].to].row - places_[d_.edges[e].from].row; };
    std::sort(arcs.begin(), arcs.end(), [&](size_t a, size_t b) { return std::pair(length(a), a) < std::pair(length(b), b); });
    std::vector<std::vector<bool>> taken;
    for (size_t e : arcs) {
      const auto from = static_cast<size_t>(places_[d_.edges[e].from].row), to = static_cast<size_t>(places_[d_.edges[e].to].row);
      size_t lane = 0;
      while (lane < taken.size() && lane + 1 < most_lanes &&
             std::find(taken[lane].begin() + static_cast<std::ptrdiff_t>(from), taken[lane].begin() + static_cast<std::ptrdiff_t>(to),
                       true) != taken[lane].begin() + static_cast<std::ptrdiff_t>(to)) {
        ++lane;
      }
      if (lane == taken.size()) taken.emplace_back(row_y_.size(), false);
      std::fill(taken[lane].begin() + static_cast<std::ptrdiff_t>(from), taken[lane].begin() + static_cast<std::ptrdiff_t>(to), true);
      lane_[e] = static_cast<int>(lane);
      lanes_ = std::max(lanes_, static_cast<int>(lane));
    }
  }

  int x_of(size_t i) const { return spine_x_ + places_[i].column * (box_width_ + column_gap); }
  int y_of(size_t i) const { return row_y_[static_cast<size_t>(places_[i].row)]; }

  std::string frame(size_t f) const {
    const Frame& one = d_.frames[f];
    const auto [low, high] = rows_of(one);
    int right = 0, bottom_frames = 0, top_frames = 0;
    for (size_t i = one.first; i <= one.last; ++i) right = std::max(right, x_of(i) + box_width_);
    for (size_t g = f + 1; g < d_.frames.size() && d_.frames[g].first <= one.last; ++g) {
      top_frames += rows_of(d_.frames[g]).first == low ? 1 : 0;
      bottom_frames += rows_of(d_.frames[g]).second == high ? 1 : 0;
    }
    const int inset = (depths_ - depth_[f]) * frame_pad;
    const int x = spine_x_ - arc_reach - lanes_ * lane_reach - inset,
              y = row_y_[static_cast<size_t>(low)] - frame_head - top_frames * (frame_head + frame_pad / 2);
    const int bottom = row_y_[static_cast<size_t>(high)] + row_height - 2 + bottom_frames * frame_pad;
    const std::string label = one.kind == FrameKind::stage ? one.label : fmt::format("{}  {}", one.label, to_string(one.kind));
    return fmt::format(
        "<g class=\"frame {}\" data-frame=\"{}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"6\"/><text x=\"{}\" "
        "y=\"{}\">{}</text></g>\n",
        class_of(one.kind), escaped(one.label), x, y, right + inset - x, bottom - y, x + 8, y + 14, escaped(label));
  }

  std::string edge(const Edge& one) const {
    const Place from = places_[one.from], to = places_[one.to];
    const int middle = box_width_ / 2, half = box_height / 2;
    const int x1 = x_of(one.from), y1 = y_of(one.from), x2 = x_of(one.to), y2 = y_of(one.to);
    std::string path, label;
    if (is_arc(one)) {
      const int reach = arc_reach + lane_[static_cast<size_t>(&one - d_.edges.data())] * lane_reach;
      path = fmt::format("M{} {}C{} {} {} {} {} {}", x1, y1 + half, x1 - reach, y1 + half, x2 - reach, y2 + half, x2, y2 + half);
    } else if (from.column == to.column) {
      path = fmt::format("M{} {}V{}", x1 + middle, y1 + box_height, y2);
    } else if (from.column < to.column) {  // from the spine to a branch
      path = fmt::format("M{} {}H{}Q{} {} {} {}V{}", x1 + box_width_, y1 + half, x2 + middle - 10, x2 + middle, y1 + half, x2 + middle,
                         y1 + half + 10, y2);
    } else {  // from a branch back to the spine
      path = fmt::format("M{} {}V{}Q{} {} {} {}H{}", x1 + middle, y1 + box_height, y2 + half - 10, x1 + middle, y2 + half, x1 + middle - 10,
                         y2 + half, x2 + box_width_);
    }
    const std::string& shape = d_.boxes[one.from].shape;
    if (one.kind == EdgeKind::next && from.column == to.column && to.row == from.row + 1 && !shape.empty()) {
      label = fmt::format("<text class=\"shape\" x=\"{}\" y=\"{}\">{}</text>", x1 + middle + 6, y1 + box_height + 12, escaped(shape));
    }
    // Boxes beside the spine lie on an edge to it.
    const EdgeKind kind = one.kind == EdgeKind::next && from.column + to.column != 0 ? EdgeKind::side : one.kind;
    return fmt::format("<path class=\"edge {}\" d=\"{}\" marker-end=\"url(#tip)\"/>{}\n", class_of(kind), path, label);
  }

  std::string box(size_t i) const {
    const Box& one = d_.boxes[i];
    const int x = x_of(i), y = y_of(i);
    return fmt::format(
        "<g class=\"box {}\" data-name=\"{}\"><title>{} : {}</title><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"4\"/>"
        "<text x=\"{}\" y=\"{}\">{}</text><text class=\"what\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text></g>\n",
        class_of(one.role), escaped(one.name), escaped(one.name), escaped(one.shape.empty() ? one.what : one.shape), x, y, box_width_,
        box_height, x + 8, y + 15, escaped(short_name(i)), x + box_width_ - 8, y + 15, escaped(one.what));
  }

  const Drawing& d_;
  std::vector<Place> places_;
  std::vector<int> inner_;  ///< innermost frame of each box; -1: none
  std::vector<int> depth_;  ///< depth of each frame
  std::vector<int> row_y_, lane_;
  int depths_ = 0, lanes_ = 0, box_width_ = 0, spine_x_ = 0, width_ = 0, height_ = 0;
};

}  // namespace

std::string to_svg(const Drawing& drawing) { return Writer(drawing).run(); }

}  // namespace resnetc::inspect
