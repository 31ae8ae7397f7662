// HDFS: one NameNode and one DataNode, for STORE=hdfs.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import axios from "axios";
import { execa } from "execa";
import { addressesOf } from "../addresses.ts";
import type { EngineProcess } from "../engine.ts";
import { jarsFolder } from "../jars.ts";
import type { NativeContext } from "../native.ts";
import { logging } from "./kafka.ts";

const xml = (settings: Record<string, string | number>) =>
  `<configuration>\n${Object.entries(settings)
    .map(([name, value]) => `  <property><name>${name}</name><value>${value}</value></property>\n`)
    .join("")}</configuration>\n`;

/** Client settings for Flink and Trino: a single DataNode, no replacement to look for. */
export const hdfsClientSettings = (nameNode: string) =>
  xml({
    "fs.defaultFS": nameNode,
    "dfs.replication": 1,
    "dfs.client.block.write.replace-datanode-on-failure.policy": "NEVER",
  });

export function hdfsProcesses({ instance, config, versions, java17 }: NativeContext): EngineProcess[] {
  const { ports } = instance;
  const conf = join(instance.folder, "conf/hdfs");
  const data = join(instance.folder, "data/hdfs");
  const address = addressesOf(instance).store;
  const classpath = `${conf}:${join(jarsFolder(config.cache, "hadoop"), "*")}`;
  const jvm = [
    "-Xmx384m",
    "-XX:+ExitOnOutOfMemoryError",
    `-Dhadoop.log.dir=${join(instance.folder, "logs")}`,
  ];
  const command = (mainClass: string) => async () => ({
    file: java17,
    args: [...jvm, "-cp", classpath, mainClass],
  });
  const at = (port: number) => `127.0.0.1:${port}`;
  const jmx = async (port: number, bean: string) =>
    (await axios.get(`http://${at(port)}/jmx`, { params: { qry: bean }, timeout: 2000 })).data.beans[0];

  async function writeSettings() {
    for (const folder of ["webapps/hdfs", "webapps/datanode"])
      mkdirSync(join(conf, folder), { recursive: true });
    writeFileSync(join(conf, "log4j2.properties"), logging);
    writeFileSync(
      join(conf, "core-site.xml"),
      xml({ "fs.defaultFS": address, "hadoop.tmp.dir": join(data, "tmp") }),
    );
    writeFileSync(
      join(conf, "hdfs-site.xml"),
      xml({
        "dfs.replication": 1,
        "dfs.namenode.rpc-address": at(ports.namenode),
        "dfs.namenode.http-address": at(ports.namenode_http),
        "dfs.namenode.name.dir": `file://${join(data, "name")}`,
        "dfs.namenode.safemode.extension": 0,
        "dfs.namenode.fs-limits.min-block-size": 4096,
        "dfs.datanode.address": at(ports.datanode),
        "dfs.datanode.ipc.address": at(ports.datanode_ipc),
        "dfs.datanode.http.address": at(ports.datanode_http),
        "dfs.datanode.data.dir": `file://${join(data, "blocks")}`,
        "dfs.permissions.enabled": "false",
      }),
    );
  }

  return [
    {
      name: "namenode",
      engine: "hdfs",
      version: `${versions.hadoop}`,
      address,
      needs: [],
      async prepare() {
        await writeSettings();
        if (existsSync(join(data, "name/current"))) return;
        const nameNode = "org.apache.hadoop.hdfs.server.namenode.NameNode";
        await execa(java17, [...jvm, "-cp", classpath, nameNode, "-format", "-nonInteractive"], {
          all: true,
        });
      },
      command: command("org.apache.hadoop.hdfs.server.namenode.NameNode"),
      async probe() {
        await jmx(ports.namenode_http, "Hadoop:service=NameNode,name=NameNodeInfo");
      },
    },
    {
      name: "datanode",
      engine: "hdfs",
      version: `${versions.hadoop}`,
      address: at(ports.datanode),
      needs: ["namenode"],
      prepare: async () => {},
      command: command("org.apache.hadoop.hdfs.server.datanode.DataNode"),
      async probe() {
        const state = await jmx(ports.namenode_http, "Hadoop:service=NameNode,name=FSNamesystemState");
        const info = await jmx(ports.namenode_http, "Hadoop:service=NameNode,name=NameNodeInfo");
        if (state.NumLiveDataNodes < 1) throw new Error("the NameNode sees no DataNode yet");
        if (info.Safemode) throw new Error(`the NameNode is in safe mode: ${info.Safemode}`);
      },
    },
  ];
}
