package arch

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var metricName = regexp.MustCompile(`workdrive_[a-z_]+`)

// TestDeploymentFilesNameMetricsThatExist keeps alerts and the dashboard from asking for figures
// that no server tells.
func TestDeploymentFilesNameMetricsThatExist(t *testing.T) {
	var told []byte
	for _, s := range sources(t) {
		if !s.test {
			text, err := os.ReadFile(filepath.Join(root, s.path))
			if err != nil {
				t.Fatal(err)
			}
			told = append(told, text...)
		}
	}
	found := 0
	for _, name := range []string{"deploy/prometheus/alerts.yaml", "deploy/grafana/workdrive.json"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Ext(name) == ".json" && !json.Valid(text) {
			t.Errorf("%s is no JSON", name)
		}
		for _, metric := range metricName.FindAll(text, -1) {
			found++
			metric = bytes.TrimSuffix(metric, []byte("_bucket"))
			if !bytes.Contains(told, append(append([]byte{'"'}, metric...), '"')) {
				t.Errorf("%s asks for %s", name, metric)
			}
		}
	}
	if found < 20 {
		t.Errorf("found only %d names", found)
	}
}
