"""Skills by their French and English names, grouped into families of skills that carry over.

A line reads `family: skill, name, name; skill; ...`: within a family, skills stand between
semicolons and the names of one skill between commas, its identifier first.
"""

COMPETENCES = """
python: python; django; fastapi, fast api; flask; pytest; asyncio; celery; sqlalchemy; pydantic
java: java, java ee, jee; spring, spring boot; hibernate; kotlin; scala; maven; gradle; junit
javascript: javascript, js; typescript; nodejs, node, node js; expressjs, express framework;
    nestjs, nest; deno; webpack
frontend: react, reactjs, react js; angular, angularjs; vuejs, vue; svelte; nextjs; redux; html,
    html5; css, css3, sass, scss; tailwind; storybook; frontend, front end, interface web, web
    interface; web-accessibility, accessibilité web, rgaa, wcag, accessibility, accessibilité
dotnet: csharp; dotnet, asp net, net core; fsharp; wpf
php: php; symfony; laravel; wordpress; drupal; magento; prestashop
systems: cplusplus, cpp; rust; golang, go lang; assembly language; embedded, embarqué; rtos,
    freertos; linux-kernel, noyau linux; microcontroller, microcontrôleur, stm32; autosar; canbus,
    can bus
ruby: ruby; rails, ruby on rails
mobile: android; ios; swift; flutter; react-native, react native; dart; jetpack compose
backend: api-rest, api rest, restful, api, web service, service web, web services; graphql; grpc;
    microservices, microservice; backend, back end; websocket; openapi, swagger; protobuf
database: sql; postgresql, postgres; mysql, mariadb; oracle; sqlserver, sql server, mssql;
    database, base données, bases données
nosql: mongodb, mongo; redis; elasticsearch, elastic, opensearch; cassandra; neo4j; nosql
messaging: kafka; rabbitmq; nats; message-queue, file message, message queue, messaging queue;
    pubsub
dataeng: spark, pyspark; airflow; dbt; hadoop; snowflake; databricks; bigquery; etl, elt;
    data-warehouse, entrepôt données, data warehouse, entrepôts données, dwh; data-pipeline,
    pipeline données, data pipeline, pipelines données; data-modelling, modélisation données, data
    modeling, data modelling; talend; data-quality, qualité données, data quality
datasci: machine-learning, machine learning, apprentissage automatique, ml; deep-learning, deep
    learning, apprentissage profond; pytorch; tensorflow, keras; scikit-learn, scikit learn,
    sklearn; nlp, traitement automatique langue, natural language processing; llm, large language
    model, modèle langage; computer-vision, vision ordinateur, computer vision; statistics,
    statistique, statistics; pandas; numpy; r-language, langage r; mlops; a-b-testing, test ab, ab
    testing
bi: powerbi, power bi; tableau-software, tableau software; looker; qlik, qlikview, qlik sense;
    data-visualisation, datavisualisation, data visualization, data visualisation, dashboard,
    tableau bord, reporting, tableaux bord; business-intelligence, business intelligence,
    informatique décisionnelle
cloud: aws, amazon web services; azure; gcp, google cloud; cloud; ovh; lambda-functions,
    serverless
devops: docker; kubernetes, k8s; terraform; ansible; helm; containers, conteneur, container,
    conteneurisation; cicd, intégration continue, continuous integration, gitlab ci, github
    actions, jenkins, déploiement continu, continuous delivery, continuous deployment;
    infrastructure-as-code, infrastructure as code, iac; prometheus; grafana; monitoring,
    supervision système, observability, observabilité; argocd, gitops
sysadmin: linux, debian, ubuntu, redhat, unix; windows-server, windows server; active-directory,
    active directory; vmware, virtualisation, virtualization; networking, réseau informatique, tcp
    ip, computer network, réseaux; bash, shell; firewall, pare feu; cisco; office365, microsoft
    365, office 365; ticketing, itil, glpi, servicenow; nginx
security: cybersecurity, cybersécurité, sécurité informatique, information security; pentest, test
    intrusion, penetration testing; siem, splunk; iso27001, iso 27001; owasp; incident-response,
    réponse incident, incident response; gdpr, rgpd; iam, gestion identité
practice: git, github, gitlab; automated-testing, test automatisé, test unitaire, unit test,
    automated test, tdd, test unitaire, couverture test, test coverage; code-review, revue code,
    code review, revue pair; clean-code, clean code, code propre; ddd, domain driven design;
    software-architecture, architecture logicielle, software architecture; selenium, cypress,
    playwright; test-plan, plan test, test plan, campagne test, test campaign; design-patterns,
    design pattern; debugging, débogage
agile: agile, méthode agile, agilité; scrum; kanban; jira; backlog, product backlog; user-story,
    user story; roadmap, feuille route
project: project-management, gestion projet, project management, pilotage projet, conduite projet;
    planning, planification, scheduling, ordonnancement; budget, gestion budgétaire, budget
    management, budgeting; ms-project, ms project; risk-management, gestion risque, risk
    management; stakeholders, partie prenante, stakeholder management; change-management, conduite
    changement, change management; requirements-analysis, recueil besoin, cahier charge,
    requirements analysis, specification, spécification fonctionnelle
design: figma; ux, expérience utilisateur, user experience; ui, interface utilisateur, user
    interface; prototyping, prototypage; wireframe, wireframing, maquette, mockup; user-research,
    recherche utilisateur, user research, test utilisateur, user testing; design-system, design
    system; photoshop; illustrator-software, adobe illustrator; indesign; adobe-suite, suite
    adobe, adobe creative, creative suite; aftereffects; premiere-pro, premiere pro; typography,
    typographie; sketch
care: patient-care, soin patient, patient care, soins infirmiers, nursing care, soin infirmier,
    nursing, soin; medication, administration médicament, medication administration, médicament,
    traitement médicamenteux; wound-care, pansement, wound care, plaie; emergency-care, urgence,
    emergency, soin urgence; intensive-care, réanimation, soin intensif, intensive care, icu;
    palliative, soin palliatif, palliative care; blood-sampling, prise sang, prélèvement,
    phlebotomy, blood sampling; infection-control, hygiène hospitalière, infection control,
    asepsie; vital-signs, constante, signe vital, vital sign; triage; care-plan, plan soin, care
    plan, dossier soin, projet soin; medical-records, dossier patient, patient record, medical
    record, dossier médical; geriatrics, gériatrie, ehpad, elderly care, nursing home, personne
    âgée, geriatric; paediatrics, pédiatrie, pediatrics, paediatric; surgery, bloc opératoire,
    chirurgie, operating theatre, operating room; hospital, hôpital, clinique, clinic, chu;
    rehabilitation, rééducation, réadaptation; mobility-aid, aide toilette, toilette, transfert
    patient, personal care, aide repas; perfusion, infusion, iv therapy; first-aid, premiers
    secours, first aid, afgsu, psc1, sst
finance: accounting, comptabilité, comptabilité générale, general accounting, bookkeeping;
    general-ledger, grand livre, general ledger; tax, fiscalité, déclaration fiscale, tax return,
    taxation; vat, tva; closing, clôture mensuelle, clôture comptable, month end closing, clôture,
    month end close; bank-reconciliation, rapprochement bancaire, bank reconciliation;
    balance-sheet, bilan, balance sheet, financial statements, liasse fiscale, états financiers;
    consolidation; ifrs; us-gaap, us gaap; cost-accounting, comptabilité analytique, cost
    accounting; cash-management, trésorerie, cash management, treasury; forecasting, prévision,
    forecast, budget prévisionnel; variance-analysis, analyse écart, variance analysis; audit;
    invoicing, facturation, invoicing, billing; supplier-accounts, comptabilité fournisseur,
    accounts payable; customer-accounts, comptabilité client, accounts receivable, recouvrement,
    credit control; financial-analysis, analyse financière, financial analysis;
    management-control, contrôle gestion, management control, financial control
erp: sap; sage; cegid; quickbooks; erp; oracle-finance, oracle financials; netsuite; odoo; excel,
    tableur, spreadsheet, excel avancé; pack-office, pack office, microsoft office, ms office,
    bureautique, suite office; word-processing, traitement texte, word processing; powerpoint; vba
hr: recruitment, recrutement, recruiting, recruitment, entretien candidat; sourcing; onboarding,
    intégration collaborateur; payroll, paie, bulletin paie, payslip; labour-law, droit travail,
    droit social, labor law, employment law, labour law; dsn; talent-management, gestion talent,
    gpec, talent management; training-plan, plan formation, training plan; social-dialogue,
    relation sociale, cse, employee relations, dialogue social; hris, sirh; ats
sales: prospecting, prospection, lead generation, cold calling, prospecting; negotiation,
    négociation, negotiating; crm, salesforce, hubspot; b2b; b2c; customer-relations, relation
    client, customer relationship, client relations, customer relation, relation clientèle; sales,
    vente, selling, sales technique; account-management, gestion compte, account management,
    gestion portefeuille, portefeuille client; sales-targets, objectif vente, chiffre affaires,
    sales target, quota, objectif commercial; tenders, appel offre, call for tenders, tender;
    merchandising; cash-handling, encaissement, caisse, cash handling; stock-management, gestion
    stock, stock management, inventaire, inventory, inventory management; loyalty, fidélisation,
    customer retention, retention
support: customer-service, service client, customer service, accueil client, customer support;
    complaint-handling, réclamation, complaint handling, complaints, gestion réclamation; phone,
    téléphone, accueil téléphonique, telephone, phone; zendesk; reception, accueil physique,
    welcoming, front desk, accueil
marketing: seo, référencement naturel, search engine optimization; sea, google ads, adwords,
    référencement payant; google-analytics, google analytics; social-media, réseaux sociaux,
    réseau social, social media; content-marketing, marketing contenu, content marketing;
    emailing, email marketing, newsletter; marketing, marketing digital, digital marketing;
    branding, image marque; copywriting, rédaction web, rédaction, writing, web writing;
    marketing-strategy, stratégie marketing, marketing strategy; event-management, événementiel,
    event management, événement; press-relations, relation presse, press relations, public
    relations; market-research, étude marché, market research; marketing-automation, marketing
    automation; editorial, ligne éditoriale, calendrier éditorial, editorial calendar; campaigns,
    campagne, campaign
office: filing, classement, archivage, filing; diary-management, gestion agenda, agenda, diary
    management, calendar management; minutes, compte rendu, minute meeting, meeting minutes;
    data-entry, saisie données, data entry, saisie; mail-handling, courrier, correspondence;
    travel-booking, organisation déplacement, travel arrangement, travel booking; purchasing,
    achat, procurement, purchasing, approvisionnement; contract-management, gestion contrat,
    contract management
logistics: order-picking, préparation commande, order picking, picking; forklift, caces, forklift,
    chariot élévateur, chariot; driving-licence-hgv, hgv licence, permis poids lourd, fimo, fco;
    driving-licence, permis b, driving licence, driver license, permis conduire; delivery,
    livraison, delivery, tournée; warehouse, entrepôt, warehouse, warehousing; wms, logiciel
    gestion entrepôt; supply-chain, supply chain, chaîne logistique, logistique, logistics;
    customs, douane, customs; transport, transport routier, road transport, haulage; loading,
    chargement, déchargement, loading, unloading; packing, emballage, conditionnement, packaging,
    packing; flow-management, gestion flux, flow management, flux
building: masonry, maçonnerie, masonry, bricklaying; electrical-wiring, câblage, câblage
    électrique, wiring, electrical installation, installation électrique; plumbing, plomberie,
    plumbing, sanitaire; heating, chauffage, heating, chaudière, boiler, pompe chaleur, heat pump;
    air-conditioning, climatisation, cvc, hvac, air conditioning; painting, peinture, painting;
    tiling, carrelage; roofing, couverture toiture, toiture, roofing; carpentry, menuiserie,
    charpente, carpentry, joinery; blueprint-reading, lecture plan, blueprint reading, plan
    reading, technical drawing; autocad; revit, bim; site-safety, sécurité chantier, site safety,
    health safety; site-supervision, suivi chantier, chantier, site supervision, construction
    site; electrical-accreditation, habilitation électrique, electrical accreditation;
    structural-work, gros oeuvre, structural work, béton, concrete; finishing, second oeuvre,
    finishing; low-voltage, courant faible, low voltage; domotics, domotique, home automation,
    knx; surveying, métré, topographie, surveying
industry: preventive-maintenance, maintenance préventive, preventive maintenance;
    corrective-maintenance, maintenance corrective, corrective maintenance, curative, dépannage,
    troubleshooting, diagnostic panne; plc, automate, automatisme, plc, siemens, schneider;
    hydraulics, hydraulique, hydraulics; pneumatics, pneumatique, pneumatics;
    electrical-engineering, électrotechnique, électricité, electricity, electrical; mechanics,
    mécanique, mechanics, mechanical; welding, soudure, soudage, welding, tig, mig; cnc, commande
    numérique, usinage, cnc, machining, tournage, fraisage; robotics, robotique, robotics; gmao,
    cmms; lean, lean manufacturing, six sigma, kaizen, 5s, amélioration continue, continuous
    improvement; quality-control, contrôle qualité, quality control, quality assurance, assurance
    qualité; iso9001, iso 9001; solidworks; catia; cad, cao, dao; assembly, assemblage, montage,
    assembly; production, fabrication, manufacturing, production; metrology, métrologie,
    metrology; amdec, fmea; boilermaking, chaudronnerie, sheet metal, tôlerie
hospitality: cooking, cuisine, cooking, préparation culinaire, food preparation; haccp, hygiène
    alimentaire, food hygiene, food safety; pastry, pâtisserie, pastry; bread-making,
    panification, boulangerie, bread; table-service, service table, service salle, table service,
    waiting table; menu-design, élaboration carte, élaboration menu, menu design, menu; bar,
    cocktail, bar service, mixologie; wine, oenologie, vin, wine; booking, réservation, booking,
    reservation; housekeeping, nettoyage chambre, housekeeping, étage; catering, restauration
    collective, catering, traiteur; food-cost, coût matière, food cost; gastronomy, gastronomie,
    gastronomic, bistronomie, fine dining
cleaning: cleaning, nettoyage, cleaning, entretien local, ménage; disinfection, désinfection,
    bionettoyage; cleaning-products, produit entretien, cleaning product
security: surveillance, surveillance, ronde, patrolling; access-control, contrôle accès, access
    control; fire-safety, sécurité incendie, fire safety, ssiap; cctv, vidéosurveillance
teaching: pedagogy, pédagogie, pedagogy, teaching, enseignement; lesson-planning, préparation
    cours, lesson planning, séquence pédagogique; classroom-management, gestion classe, classroom
    management; training-delivery, animation formation, training delivery, training session;
    e-learning, elearning, formation distance; instructional-design, ingénierie pédagogique,
    instructional design; assessment, évaluation élève, student assessment; tutoring, tutorat,
    soutien scolaire, tutoring; moodle, lms
legal: contract-law, droit contrat, contract law, contract drafting, rédaction contrat;
    corporate-law, droit société, corporate law, droit affaires, business law; litigation,
    contentieux, litigation; compliance, conformité, compliance; legal-research, recherche
    juridique, veille juridique, legal research; intellectual-property, propriété intellectuelle,
    intellectual property; public-law, droit public, public law, marché public; real-estate-law,
    droit immobilier, property law
social: social-support, accompagnement social, social support, insertion, accompagnement;
    child-development, développement enfant, éveil enfant, child development; disability,
    handicap, disability, autisme, autism; mediation, médiation, mediation; activities, animation
    atelier, activity leading, activité éducative; interview-skills, entretien individuel
property: property-management, gestion locative, property management, copropriété;
    property-valuation, estimation immobilière, property valuation; real-estate, immobilier, real
    estate, transaction immobilière
science: chemistry, chimie, chemistry; biology, biologie, biology; hplc, chromatographie,
    chromatography; microbiology, microbiologie, microbiology; gmp, bpf, glp, bonne pratique
    fabrication; clinical-trials, essai clinique, clinical trial; laboratory, laboratoire,
    laboratory
environment: environment, environnement, environmental; waste, gestion déchet, waste management,
    déchet, waste; renewable-energy, énergie renouvelable, photovoltaïque, renewable energy,
    solar, éolien; energy-audit, audit énergétique, energy audit; carbon, bilan carbone, carbon
    footprint; gardening, espace vert, jardinage, gardening, green space, taille haie
people: team-management, management équipe, encadrement équipe, team management, people
    management, encadrement, gestion équipe, team leadership, équipe management, manager équipe,
    animation équipe; leadership; mentoring, mentorat, coaching; communication; teamwork, travail
    équipe, esprit équipe, team work, team player; autonomy, autonomie, autonomous, self starter;
    organisation, organisation, organization, rigueur, organizational; problem-solving, résolution
    problème, problem solving; public-speaking, prise parole, public speaking; interpersonal,
    relationnel, sens relationnel, interpersonal; listening, écoute, active listening, empathie,
    empathy
"""

WHOLE_ONLY = {
    "c": "c-language",
    "r": "r-language",
    "go": "golang",
    "ia": "machine-learning",
    "rest": "api-rest",
}
"""Names too short to look for in running text: they count where they stand alone as a skill."""
