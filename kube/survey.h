// The manifests that a command was given, as they lie: files that were named must hold objects, files of a directory
// may hold anything, and what is passed over is counted.
#pragma once
#include <map>

#include "kube/load.h"
#include "tree/walk.h"

namespace gw::kube {

struct ObjectName {
  std::string api_version, kind, ns, name;
};

struct SurveyedFile {
  diag::FileId file = diag::no_file;
  std::string path;
  bool walked = false;                   // found in a directory, not named
  std::string ns = {};                   // for objects without one
  std::vector<ObjectName> objects = {};  // filled when it is read, where there are kustomizations
  std::size_t count = 0;                 // of objects that were read, encrypted ones too
};

// One placeholder that nobody filled in.
struct Unfilled {
  std::size_t objects = 0;
  std::vector<diag::Span> places;  // the first of each object, a few of them
};

struct Survey {
  std::vector<SurveyedFile> files;
  std::vector<tree::PassedOver> passed;
  std::vector<tree::Kustomization> kustomizations;
  std::map<std::string, Unfilled> placeholders;
  std::size_t renders = 0;  // objects that others are made of (HelmRelease, Application)

  // Is there more in the cluster than can be read here: what charts, templates and encrypted files make?
  bool partial() const;
};

// Reads and parses what `paths` name, in order; "-" is standard input. An Error for what cannot be read, for a selector
// that is none, and for a file that was named and holds no object.
Result<Survey> survey(const std::vector<std::string>& paths, const LoadOptions& options, diag::Sources& sources);

enum class UnfilledObjects : std::uint8_t { keep, drop };
// The objects of one file, some at a time. Of a walked file, documents without apiVersion and kind are passed over, and
// faults of YAML are told only where the text looks like an object. Objects that hold placeholders are noted in the
// survey, and left out where they are to be dropped.
void read(SurveyedFile& file, const LoadOptions& options, UnfilledObjects unfilled, Survey& survey,
          diag::Sources& sources, diag::Sink& sink, const std::function<void(std::vector<RawObject> part)>& take);

// One finding a placeholder (GW021), of this severity.
void report_placeholders(const Survey& survey, diag::Severity severity, bool left_out, diag::Sink& sink);

// "passed over 12 files: 3 files of Helm charts (...), ..."; empty where nothing was.
std::string passed_over(const Survey& survey);

// survey, read, decode; placeholders are reported with this severity.
Result<Bundle> load(const std::vector<std::string>& paths, const LoadOptions& options, diag::Sources& sources,
                    diag::Sink& sink);
Bundle load(Survey& survey, const LoadOptions& options, diag::Sources& sources, diag::Sink& sink,
            diag::Severity placeholders = diag::Severity::warning);

}  // namespace gw::kube
