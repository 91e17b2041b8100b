/// \file Follows the current value through the statements.
#include "import/places.h"

#include <map>

namespace resnetc::importer {

std::vector<Read> reads_of(const Statements& body) {
  struct Place {
    size_t made, last;
  };
  std::map<LayerId, Place> places;  // of values
  places[0] = {0, 0};
  std::vector<Read> reads;
  for (size_t i = 0; i < body.size(); ++i) {
    const auto look = [&](const Statement& s, const auto& self) -> void {
      const bool is_output = s.kind == StatementKind::output;
      const auto found = s.source == no_layer ? places.end() : places.find(s.source);
      if (found != places.end() && (is_output || reads_source(s.kind))) {
        reads.push_back({found->second.made, found->second.last, i, is_output});
      }
      for (const Statement& inner : s.body) self(inner, self);
    };
    look(body[i], look);
    if (body[i].kind == StatementKind::from) {
      if (const auto found = places.find(body[i].source); found != places.end()) found->second.last = i + 1;
    } else if (body[i].kind != StatementKind::output) {
      places[body[i].layer] = {i + 1, i + 1};
    }
  }
  return reads;
}

Places places_of(const Statements& body, const std::vector<Read>& reads, const std::vector<bool>& opened) {
  Places result{std::vector<bool>(body.size() + 1), std::vector<bool>(body.size() + 1), std::vector<bool>(body.size())};
  std::vector<int> begins(body.size() + 2), ends(body.size() + 2);  // of what reads cross
  for (size_t i = 0; i < reads.size(); ++i) {
    const Read& read = reads[i];
    if (read.is_output || opened[i]) {
      result.named[read.made] = result.named[read.place] = true;
      result.outer[read.reader] = true;
    } else {
      ++begins[read.place + 1];
      ++ends[read.reader + 1];
    }
  }
  int crossing = 0;
  for (size_t place = 0; place <= body.size(); ++place) {
    crossing += begins[place] - ends[place];
    result.cut[place] = crossing == 0;
  }
  return result;
}

}  // namespace resnetc::importer
