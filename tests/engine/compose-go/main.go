// Command compose-go judges a Compose file with the Compose specification's own loader, and prints
// the normalised model as JSON. It knows all profiles, and no environment but that of the file.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: compose-go FILE"))
	}
	// Whatever a service refers to must be there: only a project is held to that.
	if _, err := options(os.Args[1]).LoadProject(context.Background()); err != nil {
		fail(err)
	}
	model, err := options(os.Args[1]).LoadModel(context.Background())
	if err != nil {
		fail(err)
	}
	raw, err := json.MarshalIndent(model, "", "  ")
	if err != nil {
		fail(err)
	}
	fmt.Println(string(raw))
}

func options(file string) *cli.ProjectOptions {
	found, err := cli.NewProjectOptions([]string{file},
		cli.WithWorkingDirectory(filepath.Dir(file)),
		cli.WithInterpolation(true),
		cli.WithResolvedPaths(true),
		cli.WithNormalization(true),
		cli.WithConsistency(true),
		cli.WithProfiles([]string{"*"}),
		cli.WithoutEnvironmentResolution,
	)
	if err != nil {
		fail(err)
	}
	return found
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
