/* Runs a job type as Flamenco Manager does, with a stand-in for the part of its documented interface that job types
 * use, and prints the tasks as JSON: node flamenco_stand_in.js SCRIPT SETTINGS */

const fs = require("fs");
const vm = require("vm");

const [, , script, given] = process.argv;
const tasks = [];
const author = {
    Task: (name, type) => ({
        name, type, commands: [], dependencies: [],
        addCommand(command) { this.commands.push(command); },
        addDependency(task) { this.dependencies.push(task.name); },
    }),
    Command: (name, parameters) => ({ name, parameters }),
};
const context = vm.createContext({ author, print: console.error });
vm.runInContext(fs.readFileSync(script, "utf8") + "\nthis.JOB_TYPE = JOB_TYPE;", context);
const types = { string: "string", int32: "number", bool: "boolean" };
const settings = JSON.parse(given);
for (const setting of context.JOB_TYPE.settings) {
    if (!(setting.key in settings)) {
        if (setting.default === undefined) { throw new Error("no value for " + setting.key); }
        settings[setting.key] = setting.default;
    }
    if (typeof settings[setting.key] !== types[setting.type]) { throw new Error("wrong type of " + setting.key); }
}
context.compileJob({ name: "faces", settings, addTask: (task) => tasks.push(task) });
console.log(JSON.stringify({ label: context.JOB_TYPE.label, tasks }));
