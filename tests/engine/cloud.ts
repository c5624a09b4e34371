import * as pulumi from "@pulumi/pulumi";

/** A provider with a cloud in memory. Ids count up by name; `before` lets a test step in between. */
export class Cloud implements pulumi.provider.Provider {
  readonly version = "1.2.3";
  readonly things = new Map<string, Record<string, unknown>>();
  before: (call: string, name: string) => void | Promise<void> = () => undefined;
  #created = 0;

  async check(_urn: string, _olds: unknown, news: object): Promise<pulumi.provider.CheckResult> {
    return { inputs: news };
  }

  async diff(_id: string, _urn: string, olds: object, news: object): Promise<pulumi.provider.DiffResult> {
    const { serial: _, ...before } = olds as { serial?: number };
    return { changes: JSON.stringify(sorted(before)) !== JSON.stringify(sorted(news)) };
  }

  async create(urn: string, inputs: object): Promise<pulumi.provider.CreateResult> {
    const name = urn.split("::").pop() ?? "";
    await this.before("create", name);
    const id = `${name}-${++this.#created}`;
    const outs = { ...inputs, serial: 1 };
    this.things.set(id, outs);
    return { id, outs };
  }

  async update(id: string, urn: string, olds: object, news: object): Promise<pulumi.provider.UpdateResult> {
    await this.before("update", urn.split("::").pop() ?? "");
    const outs = { ...news, serial: ((olds as { serial?: number }).serial ?? 0) + 1 };
    this.things.set(id, outs);
    return { outs };
  }

  async read(id: string): Promise<pulumi.provider.ReadResult> {
    const props = this.things.get(id);
    return props === undefined ? { id: "", props: {} } : { id, props };
  }

  async delete(id: string, urn: string): Promise<void> {
    await this.before("delete", urn.split("::").pop() ?? "");
    this.things.delete(id);
  }
}

const sorted = (value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .sort()
          .map(([key, item]) => [key, sorted(item)]),
      )
    : value;

export class Thing extends pulumi.CustomResource {
  declare readonly serial: pulumi.Output<number>;

  constructor(name: string, args: Record<string, unknown>, options?: pulumi.CustomResourceOptions) {
    super("probe:index:Thing", name, { serial: undefined, ...args }, options);
  }
}
