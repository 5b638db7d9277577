package stage

// Company is the company most conversations are played in: everyone POL-005
// names, nobody twice.
const Company = `
[policy]
id = "POL-005"
version = "1.1"
production_window = true

[[people]]
id = "cto"
name = "Carol Tremblay"
addresses = ["cto@example.com"]
roles = ["cto"]

[[people]]
id = "itd"
name = "Ivan Roy"
addresses = ["itd@example.com"]
roles = ["it-director"]

[[people]]
id = "lead"
name = "Lena Gagnon"
addresses = ["lead@example.com"]
roles = ["dev-lead"]
teams = ["development"]

[[people]]
id = "dev1"
name = "Dora Cote"
addresses = ["dev1@example.com"]
teams = ["development"]

[[people]]
id = "dev2"
name = "Denis Caron"
addresses = ["dev2@example.com"]
teams = ["development"]

[[people]]
id = "it1"
name = "Ian Bouchard"
addresses = ["it1@example.com"]
teams = ["it"]

[[people]]
id = "it2"
name = "Iris Fortin"
addresses = ["it2@example.com"]
teams = ["it"]

[[people]]
id = "qa1"
name = "Quinn Morin"
addresses = ["qa1@example.com"]
teams = ["qa"]

[[people]]
id = "owner"
name = "Olga Pelletier"
addresses = ["owner@example.com"]
roles = ["policy-owner"]

[[people]]
id = "chief"
name = "Gilles Lavoie"
addresses = ["chief@example.com"]
teams = ["g7"]

[distribution]
g7 = ["g7@example.com"]
`
