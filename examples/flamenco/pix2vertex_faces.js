/* A job type for Flamenco 3.5 or later: the photos of a folder become faces, in parts that workers share.
 *
 * Put this file into the folder `scripts` beside Flamenco Manager. The workers need a checkout of pix2vertex in which
 * `python3 build.py reconstruct` has run once, and see photos and output under the same paths. */

const JOB_TYPE = {
    label: "pix2vertex Faces",
    description: "Reconstruct the faces of all photos in a folder",
    settings: [
        {
            key: "photos", type: "string", subtype: "dir_path", required: true,
            description: "Folder with the photos",
        },
        {
            key: "output", type: "string", subtype: "dir_path", required: true,
            description: "Folder that gets a folder for each photo, and results.csv",
        },
        {
            key: "parts", type: "int32", default: 8,
            description: "Into how many tasks the photos are divided",
        },
        {
            key: "detail_level", type: "int32", choices: [0, 1, 2, 3], default: 2,
            description: "How often the head's faces are divided into four",
        },
        {
            key: "expressions", type: "bool", default: false,
            description: "Add ARKit's 52 expressions as shape keys",
        },
        {
            key: "python", type: "string", default: "python3", visible: "submission",
            description: "Python 3.11 on the workers, or a variable of Flamenco that stands for it",
        },
        {
            key: "build_script", type: "string", required: true, default: "/opt/pix2vertex/build.py",
            visible: "submission", description: "build.py of pix2vertex on the workers",
        },
    ],
};

function compileJob(job) {
    const settings = job.settings;
    if (!(settings.parts >= 1 && settings.parts <= 10000)) {
        throw new Error("Parts must be from 1 to 10000.");
    }
    const tasks = [];
    for (let part = 1; part <= settings.parts; part++) {
        const task = reconstruction(settings, "part " + part + " of " + settings.parts, [
            "--part", part + "/" + settings.parts,
        ]);
        job.addTask(task);
        tasks.push(task);
    }
    // What parts have finished is not done again: this one gathers their tables, and tries once more what failed.
    const gathering = reconstruction(settings, "gather", []);
    tasks.forEach((task) => gathering.addDependency(task));
    job.addTask(gathering);
}

function reconstruction(settings, name, more) {
    const args = [
        settings.build_script, "reconstruct", settings.photos,
        "--output", settings.output,
        "--detail-level", String(settings.detail_level),
    ].concat(settings.expressions ? ["--expressions"] : [], more);
    const task = author.Task(name, "misc");
    task.addCommand(author.Command("exec", { exe: settings.python, args: args }));
    return task;
}
