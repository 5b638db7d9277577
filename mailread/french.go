package mailread

import "github.com/countersign/countersign/policy"

// french is how people write in French. The words stand here with their
// accents; without them they mean the same (see unaccented).
var french = language{
	// The infinitive, the word of who decides, and the participle French puts
	// under a document ("lu et approuvé"), each alone on its line.
	keywords: unaccented(map[string]policy.Keyword{
		"approuver": policy.KeywordApprove, "approuve": policy.KeywordApprove, "approuvé": policy.KeywordApprove, "j'approuve": policy.KeywordApprove, "j’approuve": policy.KeywordApprove,
		"rejeter": policy.KeywordReject, "rejette": policy.KeywordReject, "rejeté": policy.KeywordReject, "je rejette": policy.KeywordReject,
		"refuser": policy.KeywordReject, "refuse": policy.KeywordReject, "refusé": policy.KeywordReject, "je refuse": policy.KeywordReject,
		"demander": policy.KeywordAsk, "aussi": policy.KeywordAlso,
		"prendre": policy.KeywordTake, "je prends": policy.KeywordTake, "je m'en charge": policy.KeywordTake, "je m’en charge": policy.KeywordTake,
		"décliner": policy.KeywordDecline, "décline": policy.KeywordDecline, "je décline": policy.KeywordDecline,
		"implémenté": policy.KeywordImplemented, "mis en œuvre": policy.KeywordImplemented, "mis en oeuvre": policy.KeywordImplemented,
		"transmettre": policy.KeywordHandover, "passer la main": policy.KeywordHandover,
		"échoué": policy.KeywordFailed,
		"réussi": policy.KeywordPass,
		"échec":  policy.KeywordFail,
		"livré":  policy.KeywordReleased, "mis en production": policy.KeywordReleased,
		"confirmer": policy.KeywordConfirm, "confirme": policy.KeywordConfirm, "confirmé": policy.KeywordConfirm, "je confirme": policy.KeywordConfirm,
		"refaire": policy.KeywordRework, "à refaire": policy.KeywordRework, "retravailler": policy.KeywordRework,
		"défaire":   policy.KeywordUndo,
		"documenté": policy.KeywordDocumented,
		"continuer": policy.KeywordContinue, "poursuivre": policy.KeywordContinue,
		"accepter": policy.KeywordAccept, "accepte": policy.KeywordAccept, "accepté": policy.KeywordAccept, "j'accepte": policy.KeywordAccept, "j’accepte": policy.KeywordAccept,
		"annuler": policy.KeywordCancel, "défait": policy.KeywordUndone,
		"ratifier": policy.KeywordRatify, "ratifie": policy.KeywordRatify, "ratifié": policy.KeywordRatify, "je ratifie": policy.KeywordRatify,
		"contester": policy.KeywordObject, "conteste": policy.KeywordObject, "je conteste": policy.KeywordObject,
		"retirer": policy.KeywordWithdraw, "modifier": policy.KeywordAmend, "replanifier": policy.KeywordReschedule,
		"arrêter": policy.KeywordStop, "arrêtez": policy.KeywordStop, "statut": policy.KeywordStatus, "aide": policy.KeywordHelp,
	}),

	almost: []string{
		"approbation", "approuvée", "approuvez", "approuvons", "autorisé", "autorisée", "autoriser", "autorise",
		"rejetée", "rejetez", "rejet", "refusée", "refusez", "refus", "acceptée", "acceptez",
		"confirmée", "confirmez", "confirmation", "réussie", "échouée", "réalisé", "réalisée",
		"implémentée", "implémenter", "livrée", "livrer", "annulé", "annulée", "annulation", "documentée", "documenter",
		"ratifiée", "ratification", "contestée", "retiré", "retirée", "modifié", "modifiée", "replanifié", "replanifiée",
	},

	common: []string{
		"demander", "aussi", "prendre", "accepter", "accepte", "accepté", "aide",
		"continuer", "poursuivre", "modifier", "réussi", "statut", "refaire", "arrêter", "retirer", "confirme", "annuler",
	},

	labels: unaccented(map[string]policy.Label{
		"titre": policy.LabelTitle, "titre du changement": policy.LabelTitle, "objet du changement": policy.LabelTitle,
		"catégorie": policy.LabelCategory, "catégories": policy.LabelCategory, "type de changement": policy.LabelCategory,
		"système": policy.LabelSystems, "systèmes": policy.LabelSystems, "systèmes concernés": policy.LabelSystems, "systèmes touchés": policy.LabelSystems,
		"détails": policy.LabelDescription, "description du changement": policy.LabelDescription,
		"justification métier": policy.LabelJustification, "pourquoi": policy.LabelJustification,
		"impact sécurité": policy.LabelSecurityImpact, "impact sur la sécurité": policy.LabelSecurityImpact, "sécurité": policy.LabelSecurityImpact,
		"incidence sur la sécurité": policy.LabelSecurityImpact, "impact de sécurité": policy.LabelSecurityImpact,
		"risque": policy.LabelRisk, "risques": policy.LabelRisk, "niveau de risque": policy.LabelRisk, "évaluation du risque": policy.LabelRisk,
		"retour arrière": policy.LabelRollback, "plan de retour arrière": policy.LabelRollback, "retour en arrière": policy.LabelRollback, "plan de retour en arrière": policy.LabelRollback, "procédure de retour arrière": policy.LabelRollback,
		"plan de test": policy.LabelTestPlan, "plan de tests": policy.LabelTestPlan, "essais": policy.LabelTestPlan, "plan d'essai": policy.LabelTestPlan, "plan d’essai": policy.LabelTestPlan,
		"environnement": policy.LabelEnvironment, "environnement de test": policy.LabelEnvironment,
		"exécutant": policy.LabelImplementer, "réalisateur": policy.LabelImplementer, "implémenteur": policy.LabelImplementer, "réalisé par": policy.LabelImplementer, "mis en œuvre par": policy.LabelImplementer,
		"testeur": policy.LabelTester, "testeuse": policy.LabelTester, "testé par": policy.LabelTester,
		"quand": policy.LabelWindow, "fenêtre": policy.LabelWindow, "fenêtre de changement": policy.LabelWindow, "créneau": policy.LabelWindow, "plage": policy.LabelWindow,
		"majeur": policy.LabelMajor, "changement majeur": policy.LabelMajor,
		"urgence": policy.LabelUrgency, "restreint": policy.LabelRestricted, "confidentiel": policy.LabelRestricted,
		"documents concernés": policy.LabelDocuments, "documents touchés": policy.LabelDocuments,
		"fait suite à": policy.LabelFollows, "défait le changement": policy.LabelUndoes, "déjà fait": policy.LabelAlreadyDone, "déjà réalisé": policy.LabelAlreadyDone,

		"raison": policy.LabelReason, "raisons": policy.LabelReason, "motif": policy.LabelReason, "motifs": policy.LabelReason, "parce que": policy.LabelReason,
		"ma question": policy.LabelQuestion, "réponse": policy.LabelReply, "ma réponse": policy.LabelReply,
		"version livrée": policy.LabelVersion, "version installée": policy.LabelVersion,
		"fait le": policy.LabelDoneAt, "réalisé le": policy.LabelDoneAt, "terminé le": policy.LabelDoneAt,
		"remarque": policy.LabelNotes, "remarques": policy.LabelNotes, "commentaire": policy.LabelNotes, "commentaires": policy.LabelNotes,
		"non fait": policy.LabelLeftUndone, "reste à faire": policy.LabelLeftUndone, "laissé en l'état": policy.LabelLeftAs, "laissé en l’état": policy.LabelLeftAs, "état laissé": policy.LabelLeftAs,
		"preuve": policy.LabelEvidence, "preuves": policy.LabelEvidence, "résultat des tests": policy.LabelEvidence, "résultats des tests": policy.LabelEvidence,
		"livré le": policy.LabelReleasedAt, "mis en production le": policy.LabelReleasedAt, "en production depuis": policy.LabelReleasedAt,
		"vérifié": policy.LabelChecked, "vérifications": policy.LabelChecked, "ce que j'ai vérifié": policy.LabelChecked, "ce que j’ai vérifié": policy.LabelChecked,
		"écart accepté": policy.LabelDeviationAccepted, "écarts acceptés": policy.LabelDeviationAccepted,
		"production intacte": policy.LabelUntouched, "production non touchée": policy.LabelUntouched,
		"défait le": policy.LabelUndoneAt, "annulé le": policy.LabelUndoneAt,
	}),

	categories: unaccented(map[string]policy.Category{
		"logiciel": policy.SoftwareTechnology, "logiciels": policy.SoftwareTechnology, "technologie logicielle": policy.SoftwareTechnology, "technologies logicielles": policy.SoftwareTechnology,
		"outils de développement": policy.DevelopmentTools, "outil de développement": policy.DevelopmentTools,
		"architecture logicielle": policy.ArchitectureDesign, "conception de l'architecture": policy.ArchitectureDesign, "conception de l’architecture": policy.ArchitectureDesign, "conception d'architecture": policy.ArchitectureDesign,
		"réseau": policy.NetworkInfrastructure, "réseaux": policy.NetworkInfrastructure, "infrastructure réseau": policy.NetworkInfrastructure,
		"cybersécurité": policy.Cybersecurity, "sécurité": policy.Cybersecurity, "sécurité informatique": policy.Cybersecurity, "sécurité de l'information": policy.Cybersecurity, "sécurité de l’information": policy.Cybersecurity,
		"tiers": policy.ThirdParty, "outils et services tiers": policy.ThirdParty, "outils et services de tiers": policy.ThirdParty,
		"outils tiers": policy.ThirdParty, "services tiers": policy.ThirdParty, "outil tiers": policy.ThirdParty, "service tiers": policy.ThirdParty,
	}),

	values: unaccented(map[string]string{
		"faible": "low", "bas": "low", "moyen": "medium", "moyenne": "medium", "modéré": "medium",
		"élevé": "high", "haut": "high", "fort": "high",
		"oui": "yes", "non": "no",
		"urgence": "emergency", "normale": "normal",
	}),

	phrases: unaccented(map[string]string{
		"tel que proposé": "as proposed", "comme proposé": "as proposed", "voir la proposition": "as proposed",
		"néant": "none", "aucun": "none", "aucune": "none", "rien": "nothing", "sans objet": "not applicable", "s/o": "n/a",
		"à déterminer": "tbd", "à venir": "tbd", "voir ci dessus": "see above",
	}),
}
