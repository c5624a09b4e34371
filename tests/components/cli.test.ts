import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { stacksKeepTheirPromises } from "./scenario";
import { TestProject } from "./stacks";

const found = spawnSync("pulumi", ["version"], { encoding: "utf8" }).status === 0;
if (!found)
  console.warn("LEFT OUT: there is no `pulumi` on PATH, so nothing is tested against the real Pulumi CLI here.");

(found ? describe : describe.skip)("on the real Pulumi CLI", () => {
  stacksKeepTheirPromises("cli");

  test("`pulumi up -s dev` and `pulumi preview -s dev.ai-workflow` work from the checkout", async () => {
    const project = new TestProject("cli");
    try {
      await project.choosePorts();
      const checkout = checkoutIn(project.folder);
      const pulumi = (...args: string[]) =>
        execFileSync("pulumi", [...args, "--non-interactive"], {
          cwd: checkout,
          encoding: "utf8",
          env: { ...process.env, ...project.environment },
        });
      pulumi("stack", "init", "dev", "--no-select");
      pulumi("config", "set", "-s", "dev", "--path", "switchyard:loadBalancer.port", String(project.port));
      pulumi("config", "set", "-s", "dev", "switchyard:firstPort", String(project.firstPort));
      pulumi("config", "set", "-s", "dev", "switchyard:runtime", join(project.folder, ".switchyard", "run"));
      expect(pulumi("up", "-s", "dev", "--yes", "--skip-preview")).toContain("24 created");
      pulumi("stack", "init", "dev.ai-workflow", "--no-select");
      expect(pulumi("preview", "-s", "dev.ai-workflow")).toContain("8 to create");
      pulumi("stack", "init", "staging", "--no-select");
      expect(() => pulumi("preview", "-s", "staging")).toThrow();
    } finally {
      await project.dispose();
    }
  });
});

/** The repository's own program in a folder that Pulumi may write stack files to. */
function checkoutIn(folder: string): string {
  const checkout = join(folder, "checkout");
  mkdirSync(checkout);
  const linked = ["index.ts", "tsconfig.json", "package.json", "node_modules", "dist", "components", "config", "local"];
  for (const name of linked) symlinkSync(resolve(name), join(checkout, name));
  for (const name of ["Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.staging.yaml"])
    copyFileSync(name, join(checkout, name));
  return checkout;
}
