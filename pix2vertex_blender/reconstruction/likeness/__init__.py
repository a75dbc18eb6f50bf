"""The likeliest head: what is seen of a face, weighed against how faces differ and how the networks err.

The registered head follows the maps, and so has their errors, as large as what makes a face differ from the mean. But
errors of one place go together with those of others, and so do the shapes of noses, cheeks and jaws. A linear estimate
learns both from rendered people whose true heads are known (`training.identity.likeness`): the conditional mean of a
head, given where the maps show some points of the template and which of them are seen (`shown`). A network that looks
at all of the square at once (`network.identity`) estimates the same coefficients. What both say together (`estimate`),
joined as it was best for people whom neither had met (`training.identity.blend`), becomes the head's (`likeliest`,
`emphasis`).
"""
