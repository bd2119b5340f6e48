"""Occupations by their French and English names, grouped into families of neighbouring work.

A line reads `family/occupation: name; name; ...`. Both languages lead to one occupation, so a
French profile and an English job meet. Names are compared by stems: plural and gender need no line.
"""

OCCUPATIONS = """
software/developer: développeur; developer; programmeur; programmer; software engineer; ingénieur
    logiciel; ingénieur développement; ingénieur études et développement; software developer;
    concepteur développeur; analyste programmeur; backend engineer; back-end engineer; frontend
    engineer; front-end engineer; full stack engineer; web engineer; intégrateur web; python
    engineer; java engineer; react engineer; ingénieur python; ingénieur java; ingénieur backend;
    ingénieur frontend
software/mobile-developer: développeur mobile; mobile developer; mobile engineer; développeur
    android; développeur ios; android developer; ios developer; ingénieur mobile; développeur
    flutter; flutter developer
software/software-architect: architecte logiciel; software architect; solution architect;
    architecte solution; architecte applicatif
software/tech-lead: tech lead; technical lead; lead tech; lead developer; lead développeur;
    référent technique
software/engineering-manager: engineering manager; cto; directeur technique; responsable
    développement; head of engineering; vp engineering
software/qa-engineer: testeur; tester; qa engineer; ingénieur qa; ingénieur test; test engineer;
    quality assurance engineer; analyste test; testeur logiciel; test automation engineer; testeur
    qa
software/embedded-engineer: ingénieur système embarqué; ingénieur logiciel embarqué; embedded
    software engineer; embedded engineer; développeur embarqué; embedded developer; firmware
    engineer
infrastructure/devops: devops; ingénieur devops; devops engineer; sre; site reliability engineer;
    platform engineer; ingénieur plateforme; cloud engineer; ingénieur cloud; architecte cloud;
    cloud architect; ingénieur fiabilité
infrastructure/sysadmin: administrateur système; administrateur systèmes et réseaux; system
    administrator; sysadmin; ingénieur système; systems engineer; administrateur réseau; network
    administrator; network engineer; ingénieur réseau; administrateur infrastructure;
    infrastructure engineer; ingénieur infrastructure
infrastructure/it-support: technicien support; technicien informatique; it support technician;
    helpdesk; help desk technician; support informatique; technicien helpdesk; desktop support;
    technicien support informatique
infrastructure/security-engineer: ingénieur sécurité; security engineer; ingénieur cybersécurité;
    cybersecurity engineer; analyste soc; soc analyst; pentester; consultant cybersécurité; expert
    cybersécurité; rssi; security analyst; cybersecurity analyst; analyste cybersécurité
infrastructure/dba: administrateur base données; database administrator; dba
data/data-scientist: data scientist; machine learning engineer; ingénieur machine learning; ml
    engineer; ingénieur ia; scientifique données; statisticien; statistician; ingénieur nlp;
    research scientist; mlops engineer; ingénieur apprentissage automatique
data/data-engineer: data engineer; ingénieur données; ingénieur data; big data engineer; ingénieur
    big data; analytics engineer; architecte data; data architect; développeur etl; etl developer
data/data-analyst: data analyst; analyste données; analyste data; business intelligence analyst;
    bi analyst; consultant bi; analyste bi; chargé études statistiques; bi developer; développeur
    bi; business analyst; analyste fonctionnel; analyste métier
product/product-manager: product manager; product owner; chef produit; responsable produit; chef
    produit digital; head of product; product lead
product/project-manager: chef projet; project manager; responsable projet; directeur projet; pmo;
    programme manager; program manager; chargé projet; chef projet informatique; it project
    manager; project lead; conducteur projet; coordinateur projet; project coordinator
product/scrum-master: scrum master; coach agile; agile coach
design/ux-designer: ux designer; ui designer; ux ui designer; ui ux designer; product designer;
    designer interface; designer produit; ergonome; interaction designer; ux researcher; designer
    ux; web designer; webdesigner
design/graphic-designer: graphiste; graphic designer; infographiste; directeur artistique; art
    director; motion designer; illustrateur; illustrator; maquettiste
care/nurse: infirmier; nurse; registered nurse; infirmier diplômé état; ide; staff nurse;
    infirmier anesthésiste; infirmier bloc; cadre santé; infirmier coordinateur; infirmier
    libéral; puériculteur; head nurse; nurse manager; icu nurse; emergency nurse
care/nursing-assistant: aide soignant; nursing assistant; healthcare assistant; care assistant;
    auxiliaire vie; aide domicile; home care aide; caregiver; aide médico psychologique;
    accompagnant éducatif social; home carer; care worker; auxiliaire vie sociale
care/physician: médecin; physician; doctor; docteur; general practitioner; médecin généraliste;
    chirurgien; surgeon; cardiologue; pédiatre; interne médecine; radiologue
care/pharmacist: pharmacien; pharmacist; préparateur pharmacie; pharmacy technician
care/physiotherapist: kinésithérapeute; physiotherapist; masseur kinésithérapeute; ergothérapeute;
    occupational therapist; ostéopathe; physical therapist; psychomotricien
care/midwife: sage femme; midwife
care/psychologist: psychologue; psychologist; psychothérapeute; therapist
care/dental: dentiste; dentist; assistant dentaire; dental assistant; chirurgien dentiste;
    prothésiste dentaire
care/lab-technician: technicien laboratoire; lab technician; laboratory technician; technicien
    analyse biomédicale; biologiste; biologist; technicien biologie médicale
care/medical-secretary: secrétaire médical; medical secretary; medical receptionist
social/social-worker: assistant social; social worker; travailleur social; éducateur spécialisé;
    conseiller insertion professionnelle; moniteur éducateur; special educator; youth worker;
    animateur socioculturel; animateur
social/childcare: auxiliaire puériculture; assistant maternel; childcare worker; nursery
    assistant; éducateur jeunes enfants; agent petite enfance; nounou; nanny; early childhood
    educator
teaching/teacher: enseignant; teacher; professeur; professor; instituteur; professeur écoles;
    school teacher; lecturer; enseignant chercheur; maître conférences
teaching/trainer: formateur; trainer; formateur professionnel; instructeur; instructor; ingénieur
    pédagogique; instructional designer; responsable formation; training manager; corporate
    trainer; chargé formation; learning designer
finance/accountant: comptable; accountant; expert comptable; comptable général; comptable unique;
    aide comptable; assistant comptable; accounting assistant; bookkeeper; collaborateur
    comptable; comptable fournisseur; accounts payable; accounts receivable; responsable
    comptable; chief accountant; comptable client
finance/controller: contrôleur gestion; management controller; financial controller; controller;
    business controller; analyste financier; financial analyst; directeur financier; cfo; daf;
    responsable administratif financier; financial planning analyst; finance manager; trésorier;
    treasurer
finance/auditor: auditeur; auditor; auditeur interne; internal auditor; commissaire comptes
finance/banker: conseiller clientèle banque; conseiller bancaire; bank advisor; banker; chargé
    clientèle; gestionnaire patrimoine; wealth manager; directeur agence bancaire; analyste
    crédit; credit analyst; conseiller patrimonial; bank adviser
finance/insurance: gestionnaire sinistre; claims handler; conseiller assurance; insurance advisor;
    souscripteur; underwriter; actuaire; actuary; gestionnaire assurance; chargé indemnisation;
    insurance adviser
hr/payroll: gestionnaire paie; payroll manager; payroll specialist; responsable paie; payroll
    officer; technicien paie; payroll administrator
hr/hr-officer: chargé ressource humaine; responsable ressource humaine; assistant ressource
    humaine; responsable rh; chargé rh; assistant rh; hr manager; hr officer; hr business partner;
    hr assistant; drh; directeur ressource humaine; human resources manager; gestionnaire rh; hr
    generalist; généraliste rh; human resources officer; people manager; human resources
    generalist
hr/recruiter: recruteur; recruiter; chargé recrutement; talent acquisition; consultant
    recrutement; recruitment consultant; talent acquisition specialist; chasseur tête; responsable
    recrutement; recruitment officer
sales/sales-rep: commercial; sales representative; technico commercial; attaché commercial; sales
    executive; account executive; ingénieur commercial; sales engineer; business developer;
    délégué commercial; chargé affaires; sdr; sales development representative; conseiller
    commercial; développeur commercial; business development manager; sales manager; directeur
    commercial; responsable commercial; chef vente; field sales representative; délégué médical;
    responsable développement commercial; télévendeur; téléprospecteur
sales/account-manager: account manager; responsable grand compte; key account manager; responsable
    compte; customer success manager; gestionnaire compte clé
sales/shop-assistant: vendeur; sales assistant; shop assistant; conseiller vente; retail
    assistant; hôte caisse; caissier; cashier; employé libre service; retail associate; sales
    associate; vendeur magasin; employé commercial
sales/store-manager: responsable magasin; store manager; directeur magasin; gérant magasin;
    responsable rayon; department manager; chef rayon; adjoint magasin; assistant store manager;
    shop manager
support/customer-support: conseiller clientèle; customer service representative; chargé relation
    client; téléconseiller; customer support agent; service client; support client; call center
    agent; conseiller relation client; customer advisor; customer service agent; call centre
    agent; conseiller service client; chargé support client; customer support specialist; support
    engineer; ingénieur support; application support; support specialist; support analyst;
    customer support engineer
marketing/marketing-officer: chargé marketing; responsable marketing; marketing manager; marketing
    officer; assistant marketing; directeur marketing; marketing specialist; growth hacker; growth
    marketer; chef projet marketing; traffic manager; seo specialist; consultant seo; responsable
    acquisition; digital marketing manager; marketing digital; cmo; chargé marketing digital;
    digital marketer; responsable seo; seo manager; content marketer
marketing/communications: chargé communication; responsable communication; communications officer;
    communication manager; community manager; social media manager; attaché presse; press officer;
    directeur communication; événementiel; event manager; chef projet événementiel; communications
    manager; content manager
media/journalist: journaliste; journalist; rédacteur; writer; copywriter; editor; content writer;
    concepteur rédacteur; rédacteur web; technical writer; rédacteur technique; secrétaire
    rédaction
media/translator: traducteur; translator; interprète; interpreter
media/video: monteur vidéo; video editor; vidéaste; photographe; photographer; sound engineer;
    réalisateur
legal/lawyer: avocat; lawyer; attorney; juriste; legal counsel; juriste entreprise; jurist;
    solicitor; responsable juridique; paralegal; assistant juridique; legal assistant; notaire;
    notary; clerc notaire; compliance officer; directeur juridique; dpo; data protection officer
office/assistant: assistant administratif; administrative assistant; secrétaire; secretary;
    assistant direction; executive assistant; assistant gestion; office manager; office assistant;
    hôte accueil; receptionist; agent administratif; gestionnaire administratif; personal
    assistant; réceptionniste; standardiste; agent accueil; chargé accueil
office/buyer: acheteur; buyer; procurement officer; responsable achat; purchasing manager;
    approvisionneur; procurement manager; assistant achat; purchaser
logistics/driver: chauffeur; driver; conducteur routier; truck driver; chauffeur livreur; delivery
    driver; conducteur poids lourd; livreur; coursier; conducteur bus; bus driver; chauffeur
    routier; hgv driver; chauffeur poids lourd; lorry driver; ambulancier; conducteur super lourd
logistics/warehouse: préparateur commande; order picker; magasinier; warehouse worker; cariste;
    forklift operator; agent logistique; manutentionnaire; warehouse operative; logistics
    operator; forklift driver; agent quai; opérateur logistique; warehouse operator; gestionnaire
    stock
logistics/logistics-manager: responsable logistique; logistics manager; supply chain manager;
    responsable entrepôt; warehouse manager; responsable supply chain; chef quai; supply chain
    planner; gestionnaire transport; transport manager; affréteur; responsable exploitation;
    logisticien; logistics coordinator; exploitant transport; coordinateur logistique;
    planificateur
building/electrician: électricien; electrician; électricien bâtiment; électrotechnicien; monteur
    électricien; électricien industriel; industrial electrician
building/plumber: plombier; plumber; chauffagiste; plombier chauffagiste; heating engineer;
    technicien cvc; frigoriste; hvac technician
building/mason: maçon; mason; bricklayer; coffreur; plâtrier; plasterer; carreleur; tiler; peintre
    bâtiment; painter; couvreur; roofer; façadier; ouvrier bâtiment; construction worker; builder;
    plaquiste
building/carpenter: charpentier; carpenter; menuisier; joiner; ébéniste; cabinet maker
building/site-manager: conducteur travaux; site manager; chef chantier; construction manager; chef
    équipe bâtiment; construction site manager; métreur; quantity surveyor; ingénieur travaux;
    ingénieur génie civil; civil engineer; project engineer construction; directeur travaux;
    ingénieur structure; structural engineer
building/architect: architecte; architect; dessinateur projeteur; draughtsman; architecte
    intérieur; interior designer; urbaniste; urban planner; dessinateur bâtiment
industry/maintenance: technicien maintenance; maintenance technician; mécanicien industriel;
    responsable maintenance; maintenance manager; agent maintenance; électromécanicien;
    maintenance engineer; ingénieur maintenance; automaticien; automation engineer; field service
    technician; technicien service après vente; roboticien
industry/mechanic: mécanicien; mechanic; mécanicien automobile; car mechanic; carrossier;
    mécanicien poids lourd; technicien automobile; auto mechanic; motor mechanic
industry/welder: soudeur; welder; chaudronnier; boilermaker; métallier; serrurier; tuyauteur;
    metalworker
industry/operator: opérateur production; production operator; agent production; machine operator;
    conducteur ligne; opérateur commande numérique; usineur; tourneur fraiseur; cnc operator;
    assembly operator; agent fabrication; régleur; machinist; factory worker; cnc machinist
industry/production-manager: responsable production; production manager; chef atelier; chef équipe
    production; ingénieur production; production engineer; ingénieur méthodes; process engineer;
    ingénieur procédé; directeur usine; plant manager; responsable atelier; manufacturing
    engineer; ingénieur industriel; industrial engineer; lean manager
industry/quality: responsable qualité; quality manager; ingénieur qualité; quality engineer;
    contrôleur qualité; quality controller; technicien qualité; responsable qhse; hse manager;
    animateur qse; quality inspector; qse; responsable hse; quality technician
industry/mechanical-engineer: ingénieur mécanique; mechanical engineer; ingénieur conception
    mécanique; dessinateur industriel; bureau études mécanique; design engineer; ingénieur bureau
    études; ingénieur matériaux; ingénieur électronique; electronics engineer; electrical
    engineer; ingénieur électrique
hospitality/cook: cuisinier; cook; chef cuisine; commis cuisine; head chef; chef partie; pastry
    cook; kitchen assistant; second cuisine; pizzaïolo; commis chef; kitchen porter; plongeur;
    line cook; pâtissier; pastry chef
hospitality/waiter: serveur; waiter; waitress; chef rang; barman; bartender; barista; employé
    restauration; maître hôtel; équipier polyvalent; food service worker; limonadier; restaurant
    supervisor; sommelier; barmaid
hospitality/restaurant-manager: responsable restaurant; restaurant manager; directeur restaurant;
    directeur hôtel; hotel manager; gouvernant; housekeeping manager
hospitality/hotel-receptionist: réceptionniste hôtel; hotel receptionist; front desk agent;
    concierge; night auditor; femme chambre; valet chambre; housekeeper; agent hôtelier;
    réceptionniste tournant
hospitality/baker: boulanger; baker; boucher; butcher; charcutier; poissonnier; chocolatier;
    boulanger pâtissier
hospitality/travel: agent voyage; travel agent; guide touristique; tour guide; agent escale;
    steward; hôte air; flight attendant; conseiller voyage
cleaning/cleaner: agent entretien; cleaner; agent propreté; cleaning operative; femme ménage;
    technicien surface; agent service hospitalier; employé ménage; cleaning agent; laveur vitre;
    janitor
security/guard: agent sécurité; security guard; agent sûreté; security officer; vigile; agent
    surveillance; ssiap; pompier; firefighter; policier; police officer; gendarme
property/estate-agent: agent immobilier; estate agent; négociateur immobilier; real estate agent;
    gestionnaire copropriété; property manager; conseiller immobilier; syndic; gestionnaire
    locatif; real estate negotiator
nature/gardener: jardinier; gardener; paysagiste; landscaper; ouvrier agricole; farm worker;
    agriculteur; farmer; maraîcher; viticulteur; horticulteur; technicien agricole; agronome;
    agronomist; élagueur; ouvrier paysagiste
science/researcher: chercheur; researcher; ingénieur recherche; research engineer; chimiste;
    chemist; ingénieur chimiste; chemical engineer; physicien; attaché recherche clinique;
    clinical research associate; post doctorant; postdoc; technicien chimiste
energy/environment: ingénieur environnement; environmental engineer; chargé mission environnement;
    ingénieur énergie; energy engineer; responsable rse; csr manager; technicien environnement;
    sustainability manager; consultant rse; energy manager
beauty/hairdresser: coiffeur; hairdresser; esthéticien; beautician; barbier; barber; maquilleur;
    beauty therapist
consulting/consultant: consultant; consultant management; management consultant; consultant
    stratégie; strategy consultant; consultant erp; consultant sap; erp consultant; sap
    consultant; consultant crm; salesforce consultant
"""

NEIGHBOURS = (
    ("software", "infrastructure"),
    ("software", "data"),
    ("infrastructure", "data"),
    ("software", "product"),
    ("data", "product"),
    ("design", "product"),
    ("design", "marketing"),
    ("design", "media"),
    ("media", "marketing"),
    ("sales", "marketing"),
    ("sales", "support"),
    ("sales", "property"),
    ("support", "office"),
    ("office", "hr"),
    ("office", "finance"),
    ("hr", "finance"),
    ("care", "social"),
    ("social", "teaching"),
    ("building", "industry"),
    ("logistics", "industry"),
    ("building", "energy"),
    ("science", "data"),
    ("science", "care"),
    ("consulting", "product"),
    ("consulting", "finance"),
)
"""Families between which people and skills move: worth half of a shared family."""
